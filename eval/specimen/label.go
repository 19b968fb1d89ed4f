package specimen

import (
	"fmt"
	"math/rand/v2"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// labelLayouts are sheets that machines read: stickers, and the sheet between two documents of
// a stack.
func labelLayouts() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "stickers", Draw: stickers}, {Name: "separator", Draw: separator}}
}

// stickers has two columns of specimen labels, each with a code beside its text.
func stickers(d *sheet.Draft, s fiction.Source, _ *rand.Rand) {
	lab := s.Lab()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: sheet.Sans(), Size: 9}
	p.Text(40, 50, lab.Laboratory, st.With(14).Strong())
	p.Text(40, 66, "Labels for the specimens of one order", st)
	codes := []string{"code128", "code39", "qr", "datamatrix"}
	for i := range 8 {
		x, y := 40+270*float64(i%2), 90+160*float64(i/2)
		p.Block()
		p.Cell(func() {
			p.Frame(x, y, 256, 146, 0.6, sheet.Black)
			p.Text(x+10, y+18, lab.Patient.LastFirst(), st.Strong())
			p.Text(x+10, y+32, "Born "+lab.Patient.Birth.Format("01/02/2006")+"   MRN "+lab.MRN, st)
			text := fmt.Sprintf("%s-%02d", s.Letters(2)+s.Digits(5), i+1)
			switch c := codes[(i+s.IntN(4))%4]; c {
			case "code128", "code39":
				p.Code(x+14, y+48, c, text, 0.72+0.25*s.Float64(), 30+20*s.Float64())
			default:
				p.Code(x+80, y+46, c, "https://lab.example/o/"+text, 1.4+0.8*s.Float64(), 0)
			}
			p.Text(x+10, y+138, text+"   Tube "+fmt.Sprint(i+1)+" of 8", st)
		})
	}
}

// separator says in words and in a code that a new document begins.
func separator(d *sheet.Draft, s fiction.Source, _ *rand.Rand) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: sheet.Sans(), Size: 12}
	p.Centre(306, 120, "SEPARATOR SHEET", st.With(26).Strong())
	p.Centre(306, 150, "Put this sheet between two documents. Do not write on it.", st)
	p.Code(150, 190, fiction.Pick(s, "code128", "code39"), "PATCHT", 1.6, 60)
	p.Code(256, 300, "qr", "PATCHT", 4.5, 0)
	p.Centre(306, 470, "The scanner begins a new document after this sheet.", st)
	p.Centre(306, 490, "Print it as often as you need it, on white paper, at full size.", st)
	p.Centre(306, 700, "Batch "+s.Digits(6)+"   Form SEP-"+s.Digits(2), st.With(10))
}
