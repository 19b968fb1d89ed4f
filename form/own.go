package form

import (
	"slices"

	"chartlake/document"
	"chartlake/form/classify"
	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/form/template"
	"chartlake/record"
)

// Forms are the templates of a user's own forms. A page that lies on one of them is read by
// its boxes; all else is read as without them.
type Forms []*template.Template

// fitOf lays a page over the user's templates.
func (own Forms) fitOf(p *document.Page) (template.Fit, bool) {
	if len(own) == 0 || p.Failed != nil || len(p.Words) == 0 {
		return template.Fit{}, false
	}
	return template.FitPage(p, own)
}

// typeOf is the type of the first page of a segment that is a print of a user's form.
func (own Forms) typeOf(s *sheet.Sheet) (record.Type, bool) {
	for _, p := range s.Pages {
		if f, ok := own.fitOf(p.Source); ok {
			return record.Type(f.Template.Type), true
		}
	}
	return "", false
}

// ownForm reads the pages that lie on a user's template.
func (r *reading) ownForm(own Forms) {
	first := true
	for i := range r.sheet.Pages {
		p := r.sheet.Pages[i].Source
		fit, ok := own.fitOf(p)
		if !ok {
			continue
		}
		c := template.Read(p, fit, r.sheet.Text, r.sheet.Pages[i].Transmission())
		r.lines, r.flags = append(r.lines, c.Lines...), append(r.flags, c.Flags...)
		for _, f := range c.Fields {
			if first {
				r.fields = append(r.fields, f)
			} else {
				r.again(f)
			}
		}
		first = false
	}
}

// Learn writes the template of a page of a form; see template.Learn. typ is the type of the
// documents that are filled in on it; labels that its lexicon knows name its fields.
func Learn(blank, filled *document.Document, page int, name string, typ record.Type) (string, error) {
	lex := lexicon.For(typ)
	return template.Learn(blank, filled, page, template.Learning{Name: name, Type: string(typ), Field: func(words []string) (string, string, bool) {
		m, ok := lex.At(lexicon.Prepare(words), 0)
		if !ok || m.Label.Name == "" || m.Words != len(words) || !m.Exact {
			return "", "", false
		}
		return m.Label.Name, m.Label.Kind, true
	}})
}

// Known reports a type of document that a form may have.
func Known(t record.Type) bool {
	return t != record.Unknown && slices.Contains(classify.Types(), t)
}
