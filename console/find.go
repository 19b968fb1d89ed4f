package console

import (
	"net/http"
	"strings"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/store"
)

const (
	hitsMax      = 200 // places of one answer
	contextWords = 4   // words shown before and after a hit
)

// hit is a place where a text stands on a page.
type hit struct {
	Page   int          `json:"page"`
	Box    document.Box `json:"box"`
	Before string       `json:"before"`
	Text   string       `json:"text"`
	After  string       `json:"after"`
}

// find answers GET /documents/{id}/find?q=&page=: where the words of q stand one after the other
// on a line, in the order of the pages and from the page given. more is the page to go on from
// where there are too many for one answer.
func (s *server) find(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "q", "page")
	if err != nil {
		return err
	}
	sought := strings.Fields(strings.ToLower(q.Get("q")))
	if len(sought) == 0 {
		return fault.New(fault.Invalid, "no_text", "q is the text to find")
	}
	if len(q.Get("q")) > textMax {
		return fault.New(fault.TooLarge, "text_too_long", "a search text may have %d bytes", textMax)
	}
	from := 1
	if text := q.Get("page"); text != "" {
		if from, err = number(text, "page", 1, pagesMax); err != nil {
			return err
		}
	}
	doc, err := s.row(r, actor)
	if err != nil {
		return err
	}
	reading, err := s.Reading(r.Context(), actor, doc)
	if err != nil {
		return err
	}
	out := struct {
		Hits []hit `json:"hits"`
		More int   `json:"more,omitempty"`
	}{Hits: []hit{}}
	for i := range reading.Pages {
		page := &reading.Pages[i]
		if page.Number < from {
			continue
		}
		if len(out.Hits) >= hitsMax {
			out.More = page.Number
			break
		}
		out.Hits = append(out.Hits, hits(page, sought)...)
	}
	return answer(w, out)
}

// hits finds words that stand one after the other: the first ends with the first sought word, the
// last begins with the last, those between are the same. A single one may be a part of a word.
func hits(page *document.Page, sought []string) (out []hit) {
	for _, line := range page.Lines {
		words := line.Words
		for at := 0; at+len(sought) <= len(words); at++ {
			if !stands(page, words[at:], sought) {
				continue
			}
			h := hit{Page: page.Number, Before: joined(page, words[max(0, at-contextWords):at]), Text: joined(page, words[at:at+len(sought)]),
				After: joined(page, words[at+len(sought):min(len(words), at+len(sought)+contextWords)])}
			for _, w := range words[at : at+len(sought)] {
				h.Box = h.Box.Union(page.Words[w].Box)
			}
			out = append(out, h)
		}
	}
	return out
}

func stands(page *document.Page, words []int, sought []string) bool {
	last := len(sought) - 1
	for i, want := range sought {
		have := strings.ToLower(page.Words[words[i]].Text)
		fits := have == want
		switch {
		case last == 0:
			fits = strings.Contains(have, want)
		case i == 0:
			fits = strings.HasSuffix(have, want)
		case i == last:
			fits = strings.HasPrefix(have, want)
		}
		if !fits {
			return false
		}
	}
	return true
}

func joined(page *document.Page, words []int) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = page.Words[w].Text
	}
	return strings.Join(texts, " ")
}
