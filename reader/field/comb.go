package field

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"chartlake/reader/layout"
)

// A comb has a place for each letter of a value: letters that stand apart at one distance.
const (
	combParted  = 3    // letters at least, where rules part them
	combEven    = 5    // letters at least, where only their distance tells
	combLetters = 2000 // of a page at most
	combPitch   = 3.6  // greatest distance of two letters, in heights of the print
	combLeast   = 0.9  // least distance: closer ones are spaced out
)

// combs takes the letters in combs out of their lines: each comb is one piece, whose letters are
// written without blanks between.
func (s *sheet) combs() {
	s.combed = make([]bool, len(s.Words))
	var letters []int
	for i, w := range s.page.Words {
		if n := utf8.RuneCountInString(w.Text); n == 1 && lettered(w.Text) {
			letters = append(letters, i)
		}
	}
	if len(letters) < combParted || len(letters) > combLetters {
		return
	}
	slices.SortStableFunc(letters, func(a, b int) int { return cmp.Compare(s.Words[a].X0, s.Words[b].X0) })
	for len(letters) > 0 {
		run := []int{letters[0]}
		rest := letters[:0:0]
		for _, w := range letters[1:] {
			if s.combGoesOn(run, w) {
				run = append(run, w)
			} else {
				rest = append(rest, w)
			}
		}
		letters = rest
		if len(run) >= combEven || len(run) >= combParted && s.partedAll(run) {
			for _, w := range run {
				s.combed[w] = true
			}
			s.addPiece(run, -1)
		}
	}
}

// combGoesOn reports whether a letter is the next of a comb.
func (s *sheet) combGoesOn(run []int, w int) bool {
	last, r := s.Words[run[len(run)-1]], s.Words[w]
	pitch := r.MidX() - last.MidX()
	if pitch < combLeast*s.Text || pitch > combPitch*s.Text || last.OverlapY(r) < 0.6*min(last.H(), r.H()) {
		return false
	}
	if len(run) == 1 {
		return true
	}
	first := s.Words[run[1]].MidX() - s.Words[run[0]].MidX()
	return pitch > 0.75*first && pitch < 1.33*first
}

func (s *sheet) partedAll(run []int) bool {
	for k := 1; k < len(run); k++ {
		a, b := s.Words[run[k-1]], s.Words[run[k]]
		if !s.Parted(a.X1, b.X0, min(a.Y0, b.Y0), max(a.Y1, b.Y1)) {
			return false
		}
	}
	return true
}

// isComb reports whether words are a comb's letters.
func (s *sheet) isComb(words []int) bool { return len(words) > 0 && s.combed[words[0]] }

// withoutCombs are cells without those of combs, which are as narrow as a letter.
func (s *sheet) withoutCombs(cells []layout.Rect) []layout.Rect {
	var letters []layout.Rect
	for w, in := range s.combed {
		if in {
			letters = append(letters, s.Words[w])
		}
	}
	return slices.DeleteFunc(cells, func(c layout.Rect) bool {
		return c.W() <= combPitch*s.Text && slices.ContainsFunc(letters, c.Holds)
	})
}

// lettered reports whether a text has a letter or a figure.
func lettered(t string) bool {
	return strings.IndexFunc(t, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}
