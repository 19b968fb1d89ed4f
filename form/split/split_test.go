package split

import "testing"

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
