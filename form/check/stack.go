package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"chartlake/form/draft"
	"chartlake/form/sheet"
	"chartlake/form/split"
	"chartlake/record"
)

// Sent is what a fax machine printed on a page about its transmission.
type Sent struct {
	Page    int
	Numbers []split.Number
}

// Stack applies the rules that need all documents of a file: what a cover sheet announces, and
// the pages that a fax machine counted. pages is the number of pages of the file, blank ones
// too. A flag is raised on the document that shows it.
func Stack(segments []record.Segment, sent []Sent, pages int) {
	for i := range segments {
		if segments[i].Type == "fax_cover_sheet" {
			announced(segments, i, pages)
		}
	}
	transmissions(segments, sent)
}

// announced compares the pages that a cover sheet claims with those that came up to the next
// cover sheet. Senders count the cover or not, and blank pages or not: each reading will do.
func announced(segments []record.Segment, cover, pages int) {
	c := &Case{Segment: &segments[cover]}
	end, came, last := cover+1, 0, pages
	for ; end < len(segments) && segments[end].Type != "fax_cover_sheet"; end++ {
		came += segments[end].Pages[1] - segments[end].Pages[0] + 1
	}
	if end < len(segments) {
		last = segments[end].Pages[0] - 1
	}
	own := c.Segment.Pages[1] - c.Segment.Pages[0] + 1
	claimed := c.field("pages_claimed")
	n := 0
	if claimed != nil && claimed.State == record.Accepted {
		n, _ = strconv.Atoi(strings.TrimSpace(*claimed.Value))
	}
	switch {
	case came == 0 && (n > own || n == 0 && len(segments) > 1):
		c.raise("orphan_cover", record.SeverityError, "nothing came behind the cover sheet", claimed)
	case n == 0:
	case n > max(came+own, last-c.Segment.Pages[0]+1):
		c.raise("page_missing", record.SeverityError, fmt.Sprintf("the cover sheet says %d pages, %d came with it", n, came+own), claimed)
	case n < came:
		c.raise("page_extra", record.SeverityWarning, fmt.Sprintf("the cover sheet says %d pages, %d came with it", n, came+own), claimed)
	}
}

// transmissions looks for numbers that are absent from what a fax machine counted.
func transmissions(segments []record.Segment, sent []Sent) {
	for i := 0; i < len(sent); {
		if len(sent[i].Numbers) == 0 || sent[i].Numbers[0].Of == 0 {
			i++
			continue
		}
		of, seen, first := sent[i].Numbers[0].Of, []int{}, i
		for ; i < len(sent); i++ {
			if len(sent[i].Numbers) == 0 {
				continue // its line was not read
			}
			n := sent[i].Numbers[0]
			if n.Of != of || slices.Contains(seen, n.N) {
				break
			}
			seen = append(seen, n.N)
		}
		unread := i - first - len(seen)
		if of > len(seen)+unread && (len(seen) > 1 || clear(sent[first].Numbers[0])) {
			sentMissing(segments, sent[first], of, len(seen)+unread)
		}
	}
}

// countMin is the least confidence of a fax machine's count that one page alone has: its digits are
// the smallest of the page.
const countMin = 0.9

// clear reports a count that was read without doubt.
func clear(n split.Number) bool {
	return !slices.ContainsFunc(n.Tokens, func(t sheet.Token) bool {
		return t.OCR && t.Confidence < countMin && strings.ContainsAny(t.Text, "0123456789")
	})
}

func sentMissing(segments []record.Segment, at Sent, of, came int) {
	for i := range segments {
		if at.Page < segments[i].Pages[0] || at.Page > segments[i].Pages[1] {
			continue
		}
		c := &Case{Segment: &segments[i]}
		f := draft.Field(draft.Finding{Name: "page", Kind: "text", Tokens: at.Numbers[0].Tokens, Strength: 1})
		c.raise("page_missing", record.SeverityError, fmt.Sprintf("the fax machine counted %d pages, %d came", of, came), &f)
		return
	}
}
