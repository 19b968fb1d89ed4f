package check

import (
	"testing"

	"chartlake/form/sheet"
	"chartlake/form/split"
	"chartlake/record"
)

func TestStack(t *testing.T) {
	t.Parallel()
	cover := func(pages string, at int) record.Segment {
		s := record.Segment{Type: "fax_cover_sheet", Pages: [2]int{at, at}}
		if pages != "" {
			s.Fields = []record.Field{{Name: "pages_claimed", Value: &pages, State: record.Accepted, Page: at}}
		}
		return s
	}
	letter := func(first, last int) record.Segment {
		return record.Segment{Type: "referral", Pages: [2]int{first, last}}
	}
	sent := func(pages ...[2]int) []Sent { // number and count by page
		var out []Sent
		for i, p := range pages {
			s := Sent{Page: i + 1}
			if p[1] > 0 {
				s.Numbers = []split.Number{{N: p[0], Of: p[1], Tokens: []sheet.Token{{Text: "P.", Page: i + 1}}}}
			}
			out = append(out, s)
		}
		return out
	}
	for _, c := range []struct {
		name     string
		segments []record.Segment
		sent     []Sent
		pages    int
		want     string
	}{
		{"counted with the cover", []record.Segment{cover("3", 1), letter(2, 3)}, nil, 3, ""},
		{"counted without the cover", []record.Segment{cover("2", 1), letter(2, 3)}, nil, 3, ""},
		{"blank backs counted", []record.Segment{cover("5", 1), letter(2, 2), letter(4, 4)}, nil, 5, ""},
		{"fewer came", []record.Segment{cover("5", 1), letter(2, 3)}, nil, 3, "page_missing"},
		{"more came", []record.Segment{cover("1", 1), letter(2, 3)}, nil, 3, "page_extra"},
		{"nothing behind it", []record.Segment{cover("4", 1)}, nil, 1, "orphan_cover"},
		{"a cover by itself that says so", []record.Segment{cover("1", 1)}, nil, 1, ""},
		{"two covers", []record.Segment{cover("2", 1), letter(2, 2), cover("2", 3), letter(4, 4)}, nil, 4, ""},
		{"the fax machine's count is whole", []record.Segment{letter(1, 3)}, sent([2]int{1, 3}, [2]int{2, 3}, [2]int{3, 3}), 3, ""},
		{"one line of it was not read", []record.Segment{letter(1, 3)}, sent([2]int{1, 3}, [2]int{}, [2]int{3, 3}), 3, ""},
		{"the fax machine sent more", []record.Segment{letter(1, 2)}, sent([2]int{1, 3}, [2]int{2, 3}), 2, "page_missing"},
		{"two transmissions", []record.Segment{letter(1, 1), letter(2, 2)}, sent([2]int{1, 1}, [2]int{1, 1}), 2, ""},
	} {
		Stack(c.segments, c.sent, c.pages)
		got := ""
		for _, s := range c.segments {
			for _, f := range s.Flags {
				got += f.Code
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
