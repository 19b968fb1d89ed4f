package specimen

import (
	_ "embed"
	"slices"
	"sync"

	"chartlake/eval/expected"
	"chartlake/eval/specimen/apart"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/paper"
	"chartlake/eval/specimen/sheet"
)

//go:embed papers.txt
var paperData string

// paperCodes are the LOINC document types of the plainer kinds; document types reference, section 1.
var paperCodes = map[Kind]string{"ub04": "64291-8", "eob": "52031-2", "remittance": "52030-4", "imaging_report": "18748-4", "pathology_report": "11526-1",
	"progress_note": "11506-3", "history_and_physical": "34117-2", "emergency_note": "34111-5", "operative_report": "11504-8", "discharge_instructions": "8653-8",
	"referral": "57133-1", "consult_letter": "11488-4", "prescription": "57833-6", "refill_request": "73709-8", "immunization_card": "11369-6",
	"prior_auth_request": "64291-8", "prior_auth_determination": "64291-8", "patient_intake_form": "64285-0", "consent": "59284-0",
	"fax_cover_sheet": "64289-2", "records_request": "64292-6", "payer_correspondence": "51852-2", "medical_invoice": "52075-9"}

func codeOf(k Kind) string {
	if c := documentCode[k]; c != "" {
		return c
	}
	return paperCodes[k]
}

// paperLooks are how the development designs are printed.
var paperLooks = []struct {
	name string
	paper.Look
}{
	{"colon", paper.Look{Place: "colon", Rules: "ruled", Family: sheet.Sans, Size: 9.5, Names: "last", Days: "01/02/2006", Tels: 0, Dollar: true}},
	{"boxed", paper.Look{Place: "boxed", Rules: "half", Family: sheet.Serif, Size: 10, Names: "first", Days: "01/02/2006", Tels: 1, Dollar: true}},
	{"ruled", paper.Look{Place: "ruled", Rules: "none", Family: sheet.Go, Size: 10, Names: "last", Days: "Jan 2, 2006", Tels: 1}},
	{"leader", paper.Look{Place: "leader", Rules: "half", Family: sheet.Sans, Size: 10, Names: "first", Days: "1/2/2006", Tels: 0}},
	{"aligned", paper.Look{Place: "right", Rules: "none", Family: sheet.Serif, Size: 10, Names: "last", Days: "01/02/2006", Tels: 1, Dollar: true}},
}

var paperDesigns = sync.OnceValue(func() []paper.Design {
	var out []paper.Design
	for _, g := range paper.Parse(paperData) {
		for i, l := range paperLooks {
			out = append(out, g.Variant(i, l.name, l.name))
		}
	}
	return out
})

func designs(k Kind, kept bool) []paper.Design {
	if kept {
		return paper.Of(apart.Papers(), string(k))
	}
	return paper.Of(paperDesigns(), string(k))
}

func drawPaper(d *sheet.Draft, kind Kind, layout string, facts *fiction.Paper, s fiction.Source) bool {
	looks := apart.PaperLooks()
	for _, l := range paperLooks {
		looks[l.name] = l.Look
	}
	for _, g := range append(designs(kind, true), designs(kind, false)...) {
		if g.Name == layout {
			g.Draw(d, facts, looks[g.Look], s.Rand)
			return true
		}
	}
	return false
}

// expectPaper lists what is planted, where the design prints it, and what must stay silent.
func expectPaper(d *sheet.Draft, p *fiction.Paper) {
	var shown []fiction.Planted
	for _, x := range p.Planted {
		_, field := d.Expected.Fields[x.Fields[0]]
		cell := slices.ContainsFunc(d.Expected.Lines, func(l map[string]expected.Value) bool { _, ok := l[x.Fields[0]]; return ok })
		if field || cell {
			shown = append(shown, x)
		}
	}
	expectPlanted(d, shown, p.Silent...)
	if bill := d.Expected.Fields["FL4"]; len(bill.Parts) == 1 && len(bill.Parts[0]) < len("0111") {
		d.Expected.Flags = append(d.Expected.Flags, expected.Flag{Code: expected.Names{"bill_type"}, Fields: []string{"FL4"}, Note: "the design prints a type of bill without its last digit"})
	}
	if _, born := d.Expected.Fields["dob"]; d.Expected.DocType == "discharge_instructions" && !born {
		d.Expected.Flags = append(d.Expected.Flags, expected.Flag{Code: expected.Names{"identity_weak"}, Note: "a name is all that the paper says of its patient"})
	}
}
