package search_test

import (
	"slices"
	"testing"

	"chartlake/search"
)

// Every text is private, the dates of those who have a birth date, and addresses of files.
func TestPrivate(t *testing.T) {
	t.Parallel()
	c, err := search.ReadCustom(definition(t, custom, "u", "active", "since", "Practitioner", "date", "Practitioner.qualification.period"))
	if err != nil {
		t.Fatal(err)
	}
	cat := search.R4().With([]*search.Custom{c})
	var dates, files []string
	for _, typ := range cat.Types() {
		for _, p := range cat.Params(typ) {
			switch p.Kind {
			case search.KindString:
				if !p.Private {
					t.Errorf("%s of %s, a text, is not private", p.Code, typ)
				}
			case search.KindDate:
				if p.Private {
					dates = append(dates, typ+" "+p.Code)
				}
			case search.KindComposite:
				for _, part := range p.Components {
					if part.Param.Private != (part.Param.Kind == search.KindString) {
						t.Errorf("%s of %s: part %s", p.Code, typ, part.Param.Code)
					}
				}
			case search.KindURI:
				if p.Private {
					files = append(files, typ+" "+p.Code)
				}
			default:
				if p.Private {
					t.Errorf("%s of %s is private", p.Code, typ)
				}
			}
		}
	}
	if !slices.Equal(files, []string{"DocumentReference location", "MessageHeader destination-uri", "MessageHeader source-uri", "Subscription url"}) {
		t.Errorf("private uris are %q", files)
	}
	slices.Sort(dates)
	want := []string{"Patient birthdate", "Patient death-date", "Person birthdate", "Practitioner since", "RelatedPerson birthdate"}
	if !slices.Equal(dates, want) {
		t.Errorf("private dates are %q, want %q", dates, want)
	}
}
