package form

import (
	"slices"

	"chartlake/form/draft"
	"chartlake/form/sheet"
	"chartlake/form/template"
	"chartlake/record"
)

// claim reads the pages that are a print of a claim form. Further pages of one claim add
// their service lines; what they print again must agree.
func (r *reading) claim() {
	first := true
	for i := range r.sheet.Pages {
		p := r.sheet.Pages[i].Source
		fit, ok := template.FitPage(p, template.Builtin())
		if !ok || fit.Template.Type != string(r.guess.Type) {
			continue
		}
		c := template.Read(p, fit, r.sheet.Text, r.sheet.Pages[i].Transmission())
		r.lines = append(r.lines, c.Lines...)
		r.flags = append(r.flags, c.Flags...)
		if first {
			first = false
			r.fields = append(r.fields, c.Fields...)
			for _, name := range c.Must {
				if r.field(name) == nil {
					r.fields = append(r.fields, draft.Missing(name, "text"))
				}
			}
			continue
		}
		for _, f := range c.Fields {
			r.again(f)
		}
	}
}

// again meets a field that a further page of the claim prints. Totals stand on the last page.
func (r *reading) again(f record.Field) {
	i := slices.IndexFunc(r.fields, func(o record.Field) bool { return o.Name == f.Name && f.Name != "8" })
	switch {
	case i < 0 || r.fields[i].State == record.Missing:
		if i >= 0 {
			r.fields = slices.Delete(r.fields, i, i+1)
		}
		r.fields = append(r.fields, f)
	case !equal(r.fields[i], f):
		draft.Doubt(&r.fields[i], "another page of the claim says otherwise")
	}
}

// fitConfidence is how sure the type is of a page whose printed words lie where the form has
// them, though its title and footer were not read.
const fitConfidence = 0.95

// claimPages bounds the pages of a document of unknown kind that are laid over the templates.
const claimPages = 3

// printOfClaim gives the type of the form that one of the first pages of the segment is a
// print of; "" for none.
func printOfClaim(s *sheet.Sheet) record.Type {
	for _, p := range s.Pages[:min(len(s.Pages), claimPages)] {
		if f, ok := template.FitPage(p.Source, template.Builtin()); ok {
			return record.Type(f.Template.Type)
		}
	}
	return ""
}
