package lexicon

import "strings"

// confused are the letters that OCR takes for one another, each with the one it stands for
// in a comparison.
var confused = strings.NewReplacer("0", "o", "1", "l", "i", "l", "5", "s", "8", "b", "2", "z", "rn", "m", "vv", "w", "cl", "d")

// Alike compares two label words in normal form. Words of four letters and fewer must be
// equal after OCR's usual confusions, longer ones may differ in one letter, from eleven letters
// on in two ("collected" and "corrected" have nine). clean is true when they are equal.
func Alike(read, label string) (same, clean bool) {
	if read == label {
		return true, true
	}
	if d := len(read) - len(label); len(label) < 3 || len(read) < 3 || d > 4 || d < -4 {
		return false, false
	}
	a, b := confused.Replace(read), confused.Replace(label)
	if a == b {
		return true, false
	}
	allowed := 0
	switch {
	case len(label) >= 11:
		allowed = 2
	case len(label) >= 5:
		allowed = 1
	}
	if allowed == 0 || a[0] != b[0] {
		return false, false
	}
	return distance(a, b, allowed) <= allowed, false
}

// distance is the Levenshtein distance of short words, given up above limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > 40 || len(b) > 40 {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
