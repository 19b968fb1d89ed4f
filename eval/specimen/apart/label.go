package apart

import (
	"math/rand/v2"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// Labels are the layouts that the reading of bar codes is measured on.
func Labels() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "apart-requisition", Draw: requisition}, {Name: "apart-wristbands", Draw: wristbands}}
}

// requisition has the number of the order as a linear code in the corner, the patient's as a
// matrix beside the name, and a link at the foot.
func requisition(d *sheet.Draft, s fiction.Source, _ *rand.Rand) {
	lab := s.Lab()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: labType(), Size: 10}
	p.Text(48, 56, lab.Laboratory, st.With(15).Strong())
	p.Text(48, 72, lab.Address.Street+", "+lab.Address.CityLine(), st)
	p.Code(400, 36, fiction.Pick(s, "code128", "code39"), lab.Accession, 0.85, 34)
	p.Text(400, 84, "Order "+lab.Accession, st)
	p.Block()
	p.Code(48, 110, "datamatrix", lab.MRN+"|"+lab.Patient.LastFirst()+"|"+lab.Patient.Birth.Format("2006-01-02"), 1.6, 0)
	p.Text(130, 124, "Patient: "+lab.Patient.LastFirst(), st.Strong())
	p.Text(130, 140, "Born "+lab.Patient.Birth.Format("January 2, 2006")+", record "+lab.MRN, st)
	p.Text(130, 156, "Ordered by "+lab.Ordering.FirstLast(), st)
	p.Block()
	y := 210.0
	for _, panel := range lab.Panels {
		p.Text(48, y, panel.Name, st.Strong())
		y += 16
		for _, row := range panel.Rows {
			if y > 640 {
				break
			}
			p.Text(62, y, row.Test, st)
			y += 14
		}
	}
	p.Block()
	p.Code(470, 660, "qr", "https://results.example/"+lab.Accession+"?d="+lab.Reported.Format("20060102"), 2.2, 0)
	p.Text(48, 700, "Results are ready when the code at the right opens them.", st)
}

// wristbands has long narrow labels with codes of small modules.
func wristbands(d *sheet.Draft, s fiction.Source, _ *rand.Rand) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: stayType(), Size: 9}
	for i := range 7 {
		who, mrn, y := s.Person(), s.Digits(8), 50+100*float64(i)
		p.Block()
		p.Cell(func() {
			p.Text(60, y+14, who.LastFirst(), st.Strong())
			p.Text(60, y+28, who.Birth.Format("02 Jan 2006")+"  "+who.SexWord(), st)
			p.Text(60, y+42, "Record "+mrn, st)
			p.Code(230, y, "code128", mrn, 0.75, 26)
			p.Code(460, y, fiction.Pick(s, "datamatrix", "qr"), mrn+who.Birth.Format("20060102"), 1.9, 0)
			p.Rule(50, y+80, 560, y+80, 0.4, sheet.Grey(120))
		})
	}
}
