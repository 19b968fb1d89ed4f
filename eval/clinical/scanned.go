package clinical

import "chartlake/eval/specimen"

// textsOnPage is how many texts stand on one page of Scanned.
const textsOnPage = 12

// Scanned gives the texts of a set with results or relations as they are read from pages: printed
// a dozen to a page, in a condition of eval/specimen. What is read of a page is one text, with all
// that its texts say. read gives the text of a page; seed chooses faces and damage.
func Scanned(s Set, condition string, seed uint64, read func(page []byte) (string, error)) (Set, error) {
	out := Set{Name: s.Name + " as " + condition, Format: s.Format, Partial: true}
	for from := 0; from < len(s.Texts); from += textsOnPage {
		var page Text
		var printed []string
		for _, t := range s.Texts[from:min(from+textsOnPage, len(s.Texts))] {
			printed = append(printed, t.Text)
			page.Results = append(page.Results, t.Results...)
			page.Relations = append(page.Relations, t.Relations...)
		}
		data, err := specimen.Written(printed, specimen.Condition(condition), seed+uint64(from/textsOnPage))
		if err != nil {
			return out, err
		}
		if page.Text, err = read(data); err != nil {
			return out, err
		}
		page.Name = s.Name
		out.Texts = append(out.Texts, page)
	}
	return out, nil
}
