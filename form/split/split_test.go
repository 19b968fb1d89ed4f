package split

import (
	"testing"

	"chartlake/document"
)

func TestInto(t *testing.T) {
	t.Parallel()
	n := func(n, of int) []Number { return []Number{{N: n, Of: of}} }
	tests := []struct {
		name  string
		pages []Facts
		want  [][2]int
	}{
		{"one document", []Facts{{Numbers: n(1, 2)}, {Numbers: n(2, 2)}}, [][2]int{{1, 2}}},
		{"numbers begin again", []Facts{{Numbers: n(1, 2)}, {Numbers: n(2, 2)}, {Numbers: n(1, 1)}}, [][2]int{{1, 2}, {3, 3}}},
		{"another patient", []Facts{{Patient: "a", Record: "1"}, {Patient: "b", Record: "2"}}, [][2]int{{1, 1}, {2, 2}}},
		{"another patient inside numbered pages stays, to be flagged", []Facts{{Patient: "a", Record: "1", Numbers: n(1, 2)}, {Patient: "b", Record: "2", Numbers: n(2, 2)}}, [][2]int{{1, 2}}},
		{"a name read differently is no other patient", []Facts{{Patient: "a", Record: "1"}, {Patient: "b", Record: "1"}}, [][2]int{{1, 2}}},
		{"another kind with a title", []Facts{{Type: "lab_report", Titled: true}, {Type: "progress_note", Titled: true}}, [][2]int{{1, 1}, {2, 2}}},
		{"another kind without a title", []Facts{{Type: "insurance_card", Titled: true}, {Type: "junk"}}, [][2]int{{1, 2}}},
		{"blank and failed pages", []Facts{{Blank: true}, {}, {Failed: true}, {}, {Blank: true}}, [][2]int{{2, 4}}},
		{"nothing", []Facts{{Blank: true}}, nil},
		{"a separator sheet belongs to none", []Facts{{Patient: "a"}, {Separator: true}, {Patient: "a"}}, [][2]int{{1, 1}, {3, 3}}},
		{"a cover sheet leads to what follows", []Facts{{Type: cover, Titled: true, Sender: "mill creek"}, {Kind: "junk"}}, [][2]int{{1, 1}, {2, 2}}},
		{"a cover counted with the rest ends at a title", []Facts{{Type: cover, Titled: true, Numbers: n(1, 2)}, {Type: "referral", Titled: true, Numbers: n(2, 2)}}, [][2]int{{1, 1}, {2, 2}}},
		{"pages in the wrong order stay together", []Facts{{Numbers: n(2, 3), Record: "1"}, {Numbers: n(1, 3), Record: "1"}, {Numbers: n(3, 3)}}, [][2]int{{1, 3}}},
		{"a page is absent, the next document begins", []Facts{{Numbers: n(1, 2), Patient: "a"}, {Numbers: n(1, 2), Patient: "b"}, {Numbers: n(2, 2)}}, [][2]int{{1, 1}, {2, 3}}},
		{"a letterhead alone is no boundary", []Facts{{Sender: "mill creek clinic"}, {Sender: "harbor point laboratories"}}, [][2]int{{1, 2}}},
		{"another letterhead and other words are", []Facts{{Sender: "mill creek clinic", Kind: "referral"}, {Sender: "harbor point laboratories", Kind: "lab_report"}}, [][2]int{{1, 1}, {2, 2}}},
		{"a blank back of a page is no boundary", []Facts{{Type: "consent", Kind: "consent", Titled: true}, {Blank: true}, {Patient: "a"}}, [][2]int{{1, 3}}},
		{"the same kind with another number", []Facts{{Type: "eob", Titled: true, Keys: map[string]string{"claim_number": "1"}}, {Type: "eob", Titled: true, Keys: map[string]string{"claim_number": "2"}}}, [][2]int{{1, 1}, {2, 2}}},
		{"a title repeated over one document", []Facts{{Type: "eob", Titled: true, Keys: map[string]string{"claim_number": "1"}}, {Type: "eob", Titled: true, Keys: map[string]string{"claim_number": "1"}}}, [][2]int{{1, 2}}},
		{"a fax machine's numbers go on over documents", []Facts{{Sent: n(1, 2), Type: "eob", Titled: true}, {Sent: n(2, 2), Type: "referral", Titled: true}}, [][2]int{{1, 1}, {2, 2}}},
	}
	for _, tt := range tests {
		for i := range tt.pages {
			tt.pages[i].Page = i + 1
		}
		got := into(tt.pages)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %d documents, want %d", tt.name, len(got), len(tt.want))
			continue
		}
		for i, r := range got {
			if [2]int{r.First, r.Last} != tt.want[i] {
				t.Errorf("%s: document %d is pages %d–%d, want %v", tt.name, i, r.First, r.Last, tt.want[i])
			}
		}
	}
}

func into(pages []Facts) []Range {
	var out []Range
	var s Splitter
	for i := range pages {
		if r, ok := s.Next(&pages[i]); ok {
			out = append(out, r)
		}
	}
	if r, ok := s.End(); ok {
		out = append(out, r)
	}
	return out
}

func TestSeparators(t *testing.T) {
	t.Parallel()
	page := func(code string, words ...string) *document.Page {
		p := &document.Page{Number: 1}
		for _, w := range words {
			p.Words = append(p.Words, document.Word{Text: w})
		}
		if code != "" {
			p.Barcodes = []document.Code{{Symbology: "qr", Text: code}}
		}
		return p
	}
	long := make([]string, separatorWords+1)
	for i := range long {
		long[i] = "word"
	}
	for name, c := range map[string]struct {
		page *document.Page
		want bool
	}{
		"code":                   {page("PATCHT"), true},
		"code and words":         {page("https://x.example/separator", "Batch", "12"), true},
		"words":                  {page("", "SEPARATOR", "SHEET"), true},
		"another code":           {page("ACC-00417", "Specimen", "label"), false},
		"a page that has a code": {page("PATCHT", long...), false},
		"a sentence":             {page("", "The", "separator", "was", "cleaned"), false},
		"nothing":                {page(""), false},
	} {
		if got := Plain(c.page).Separator; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
