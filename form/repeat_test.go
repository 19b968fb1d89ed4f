package form_test

import (
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/form"
)

// TestRepeatedPages: a copy is said, what only looks like one is not.
func TestRepeatedPages(t *testing.T) {
	t.Parallel()
	page := func(text string) document.Page {
		return typed(text, document.SourceText, 1).Pages[0]
	}
	note := "Progress note\n\nPatient: Ada Fairweather  DOB: 11/02/1961\n" + strings.Repeat("The wound is dry and the patient walks without pain today.\n", 4)
	other := page(strings.Replace(note, "walks", "rests", 1))
	moved := page(note)
	for i := range moved.Words {
		moved.Words[i].Box.Y += 0.02
	}
	short := page("Continued on the next page")
	doc := &document.Document{SHA256: "x"}
	for _, p := range []document.Page{page(note), other, moved, short, short, page(note), page(note)} {
		p.Number = len(doc.Pages) + 1
		doc.Pages = append(doc.Pages, p)
	}
	var said []string
	for _, s := range form.Understand(doc, form.Us{}) {
		for _, f := range s.Flags {
			if f.Code == "page_duplicate" {
				said = append(said, f.Message)
			}
		}
	}
	if got := strings.Join(said, "; "); got != "page 6 is the same as page 1; page 7 is the same as page 1" {
		t.Errorf("said: %s", got)
	}
}
