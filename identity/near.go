package identity

import (
	"strings"
	"time"
)

// nearName reports whether two folded names differ by what a keyboard or a recogniser does to a
// word: letters that look alike, one letter left out, added, exchanged or changed (two in names
// of nine letters and more), or one part of a double name. Short names differ by whole people.
func nearName(a, b string) bool {
	if skeleton(a) == skeleton(b) {
		return true
	}
	shorter := min(len(a), len(b))
	switch {
	case shorter < 4:
		return false
	case shorter < 9:
		return edits(a, b, 1) <= 1
	}
	return edits(a, b, 2) <= 2
}

// partOf reports whether one family name is a part of the other, double one: Reyes and
// Reyes-Walker, Cruz and de la Cruz.
func partOf(a, b string) bool {
	one, other := nameParts(a), nameParts(b)
	if len(one) == len(other) {
		return false
	}
	if len(one) > len(other) {
		one, other = other, one
	}
	if len(one) != 1 || len(one[0]) < 3 {
		return false
	}
	return one[0] == other[0] || one[0] == other[len(other)-1]
}

func nameParts(family string) (parts []string) {
	for _, w := range strings.FieldsFunc(family, func(r rune) bool { return r == '-' || r == ' ' || r == '–' }) {
		if f := fold(w); f != "" {
			parts = append(parts, f)
		}
	}
	return parts
}

// skeleton makes letters and digits alike that recognisers confuse.
var skeletons = strings.NewReplacer("rn", "m", "cl", "d", "vv", "w", "0", "o", "1", "l", "i", "l", "5", "s", "8", "b", "6", "b", "2", "z")

func skeleton(folded string) string { return skeletons.Replace(folded) }

// nearNumber reports whether two folded numbers of one name space, five characters and longer,
// differ by one character or by two neighbours exchanged.
func nearNumber(a, b string) bool {
	if len(a) != len(b) || len(a) < 5 {
		return false
	}
	return edits(a, b, 1) <= 1
}

// nearDate reports whether two full dates differ by one digit, by two neighbours exchanged, or by
// day and month in each other's place.
func nearDate(a, b string) bool {
	if len(a) != len(time.DateOnly) || len(b) != len(time.DateOnly) {
		return false
	}
	return a[:5] == b[:5] && a[5:7] == b[8:] && a[8:] == b[5:7] || edits(a, b, 1) <= 1
}

// edits counts the letters left out, added, changed or exchanged with their neighbour between two
// words (optimal string alignment); more than limit are only said to be more.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > 64 || len(b) > 64 {
		return limit + 1
	}
	var rows [3][65]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
