package lexicon

import "bytes"

// settle appends a word with the letters that OCR takes for one another made one: 0 and o,
// 1, i and l, 5 and s, 8 and b, 2 and z, rn and m, vv and w, cl and d.
func settle(dst []byte, word string) []byte {
	for i := 0; i < len(word); i++ {
		c := settled(word[i:])
		if c == 'm' && word[i] == 'r' || c == 'w' && word[i] == 'v' || c == 'd' && word[i] == 'c' {
			i++
		}
		dst = append(dst, c)
	}
	return dst
}

// settled is what the first letter of a word, or its first two, become.
func settled(word string) byte {
	if len(word) > 1 {
		switch word[:2] {
		case "rn":
			return 'm'
		case "vv":
			return 'w'
		case "cl":
			return 'd'
		}
	}
	switch c := word[0]; c {
	case '0':
		return 'o'
	case '1', 'i':
		return 'l'
	case '5':
		return 's'
	case '8':
		return 'b'
	case '2':
		return 'z'
	default:
		return c
	}
}

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
	if settled(read) != settled(label) {
		return false, false
	}
	var x, y [wordMax]byte
	a, b := settle(x[:0], read), settle(y[:0], label)
	if bytes.Equal(a, b) {
		return true, false
	}
	allowed := 0
	switch {
	case len(label) >= 11:
		allowed = 2
	case len(label) >= 5:
		allowed = 1
	}
	if allowed == 0 {
		return false, false
	}
	return distance(a, b, allowed) <= allowed, false
}

// wordMax is the most letters of a word that is compared with tolerance.
const wordMax = 40

// distance is the Levenshtein distance of short words, given up above limit.
func distance(a, b []byte, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > wordMax || len(b) > wordMax {
		return limit + 1
	}
	var row [wordMax + 1]int
	for j := range len(b) + 1 {
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
