package field

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"chartlake/document"
)

// Answer is what a page says to a question.
type Answer struct {
	Words      []int // indexes into the page's words
	Confidence float64
}

// answerEnough is the likeness of question and label from which a field answers: half of
// the words that matter are the same.
const answerEnough = 0.5

// asking are words of a question that name nothing.
var asking = map[string]bool{"what": true, "whats": true, "is": true, "was": true, "were": true, "are": true, "the": true, "a": true, "an": true, "who": true,
	"when": true, "which": true, "where": true, "how": true, "much": true, "many": true, "did": true, "does": true, "do": true, "of": true, "on": true, "in": true,
	"for": true, "to": true, "this": true, "that": true, "s": true, "please": true, "give": true, "me": true}

// Ask finds the field, or the cell of a table, whose label a question names: by wordings of
// labels.txt that mean the same, else by the words they have in common. Of labels that mean the same
// the one in the question's own words answers, of equally good ones the first on the page. ok is false
// where none is good enough.
func Ask(page *document.Page, question string) (a Answer, ok bool) {
	best, worded := answerEnough, -1.0
	asked := newAsked(question)
	for _, f := range page.Fields {
		if len(f.ValueWords) == 0 {
			continue
		}
		score, words := asked.likeness(f.Key), asked.common(f.Key)
		if score > best || ok && score == best && words > worded {
			best, worded, a, ok = score, words, Answer{f.ValueWords, f.Confidence * score}, true
		}
	}
	for i := range page.Tables {
		if words, score := asked.cell(&page.Tables[i]); score > best {
			best, ok = score, true
			a = Answer{words.Words, words.Confidence * score}
		}
	}
	return a, ok
}

// asked is a question taken apart.
type asked struct {
	words    []string
	meanings map[int]bool // lines of labels.txt that its longest wording belongs to
}

func newAsked(question string) asked {
	q := asked{words: askedWords(question), meanings: map[int]bool{}}
	all := slices.DeleteFunc(plainWords(question), func(w string) bool { return w == "the" || w == "a" || w == "an" })
	m := meanings()
	for length := len(all); length > 0 && len(q.meanings) == 0; length-- {
		for from := 0; from+length <= len(all); from++ {
			if line, known := m[strings.Join(all[from:from+length], "")]; known {
				q.meanings[line] = true
			}
		}
	}
	return q
}

// likeness is 1 where question and label mean the same, else the share of words in common (Dice).
func (q asked) likeness(label string) float64 {
	if line, known := meanings()[letters(label)]; known && q.meanings[line] {
		return 1
	}
	return q.common(label)
}

// common is the share of words in common (Dice).
func (q asked) common(label string) float64 {
	words := askedWords(label)
	if len(words) == 0 || len(q.words) == 0 {
		return 0
	}
	left, common := map[string]int{}, 0
	for _, w := range words {
		left[w]++
	}
	for _, w := range q.words {
		if left[w] > 0 {
			left[w]--
			common++
		}
	}
	return 2 * float64(common) / float64(len(words)+len(q.words))
}

// cell finds the row that a question names, by its first cell, and in it the column that the
// question names too, else the one behind the first.
func (q asked) cell(t *document.Table) (found document.Cell, score float64) {
	row, column := -1, 1
	for _, c := range t.Cells {
		if c.Column != 0 || c.Row < t.Header {
			continue
		}
		if s := q.likeness(c.Text); s > score {
			score, row = s, c.Row
		}
	}
	named := 0.0
	for _, c := range t.Cells {
		if c.Row >= t.Header || c.Column == 0 {
			continue
		}
		if s := q.part(c.Text); s > named {
			named, column = s, c.Column
		}
	}
	for _, c := range t.Cells {
		if row >= 0 && c.Row == row && c.Column == column && len(c.Words) > 0 {
			return c, score
		}
	}
	return found, 0
}

// part is the share of a label's words that the question has.
func (q asked) part(label string) float64 {
	words := askedWords(label)
	have := 0
	for _, w := range words {
		for _, x := range q.words {
			if w == x {
				have++
				break
			}
		}
	}
	return float64(have) / float64(max(len(words), 1))
}

// meanings gives the line of labels.txt of each wording.
var meanings = sync.OnceValue(func() map[string]int {
	out, n := map[string]int{}, 0
	for line := range strings.Lines(labelsText) {
		n++
		_, labels, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for label := range strings.SplitSeq(labels, "|") {
			if key := letters(label); key != "" {
				if _, known := out[key]; !known {
					out[key] = n
				}
			}
		}
	}
	return out
})

// plainWords are the words of a text in lower case without signs; "patient's" is "patients".
func plainWords(s string) []string {
	s = strings.NewReplacer("'", "", "’", "").Replace(strings.ToLower(s))
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// askedWords are those that name something, without a plural's s.
func askedWords(s string) (out []string) {
	for _, w := range plainWords(s) {
		if !asking[w] {
			if len(w) > 3 {
				w = strings.TrimSuffix(w, "s")
			}
			out = append(out, w)
		}
	}
	return out
}
