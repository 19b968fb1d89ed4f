package ocr

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The network's usual slips. Only doubtful words are touched, and they stay as doubtful as
// they were: what was guessed is not accepted for it.

//go:embed units.txt
var unitsFile string

// units are the spellings in units.txt.
var units = sync.OnceValue(func() []string {
	var out []string
	for line := range strings.Lines(unitsFile) {
		if !strings.HasPrefix(line, "#") {
			out = append(out, strings.Fields(line)...)
		}
	}
	return out
})

// doubtful is the confidence below which a word may be respelled.
const doubtful = 0.9

// spell corrects the words of one line. signs is how many signs the ink of each word shows; nil
// where that is not known.
func spell(words []reading, signs []int) {
	for i := range words {
		w := &words[i]
		w.text = brackets.Replace(w.text)
		if pages(words[i+1:]) && strings.Contains("l|I!", w.text) {
			w.text = "1"
		}
		if w.confidence >= doubtful {
			continue
		}
		switch {
		case figures(w.text):
			w.text = number(w.text)
		default:
			n := 0
			if signs != nil {
				n = signs[i]
			}
			w.text = unit(strings.Map(upright(w.text), w.text), n)
		}
	}
}

// brackets are round in records; curly ones are misread.
var brackets = strings.NewReplacer("{", "(", "}", ")")

// pages reports whether words go on as "of 3" does: what stands before is a page number.
func pages(words []reading) bool {
	return len(words) > 1 && words[0].text == "of" && words[1].text != "" && strings.Trim(words[1].text, "0123456789") == ""
}

// figures reports whether a word is a number, range, date or time with a misread sign in it: at
// least two digits, and nothing else but marks of numbers and what zeros and ones are read as.
func figures(t string) bool {
	digits, odd := 0, 0
	for _, r := range t {
		switch {
		case unicode.IsDigit(r):
			digits++
		case strings.ContainsRune("@©®QOo°lI|!~=", r):
			odd++
		case !strings.ContainsRune(".-/:,<>%()", r):
			return false
		}
	}
	return odd > 0 && digits >= 2 && digits >= odd
}

// number respells a number: signs that are no letters are zeros wherever they stand, letters
// only beside a point or behind a digit, because "I10" and "O80" are codes.
func number(t string) string {
	r := []rune(t)
	for i, c := range r {
		behind := i > 0 && unicode.IsDigit(r[i-1])
		before := i+1 < len(r) && strings.ContainsRune(".:-/", r[i+1])
		switch {
		case strings.ContainsRune("@©®°", c), strings.ContainsRune("QOo", c) && (behind || before):
			r[i] = '0'
		case strings.ContainsRune("lI|!", c) && (behind || before):
			r[i] = '1'
		case (c == '~' || c == '=') && behind && i+1 < len(r) && unicode.IsDigit(r[i+1]):
			r[i] = '-'
		}
	}
	return string(r)
}

// upright gives what to put for the strokes that stand for an "l" in a word of small letters.
func upright(t string) func(rune) rune {
	small := 0
	for _, r := range t {
		if unicode.IsLower(r) {
			small++
		}
	}
	return func(r rune) rune {
		if (r == '!' || r == '|') && small >= 3 {
			return 'l'
		}
		return r
	}
}

// fused are signs that two of a unit are read as where they touch, and what that costs.
var fused = strings.NewReplacer("ovU", "ol/", "oV", "ol/", "oU", "ol/")

const (
	fusedCost   = 0.3
	missingCost = 0.6 // of a sign that the ink shows and the unit lacks: "mg/d" of five signs is no "mg/L"
	unitMost    = 1.25
)

// unit is the unit that a word is a misreading of, or the word. signs is how many its ink shows, 0
// where that is not known.
func unit(t string, signs int) string {
	if n := utf8.RuneCountInString(t); n < 3 || n > 14 {
		return t
	}
	apart := fused.Replace(t)
	best, cost, second := "", 9.0, 9.0
	for _, u := range units() {
		c := distance(t, u)
		if c == 0 {
			return t
		}
		if apart != t {
			c = min(c, distance(apart, u)+fusedCost)
		}
		c += missingCost * float64(max(signs-utf8.RuneCountInString(u), 0))
		if c < cost {
			best, cost, second = u, c, cost
		} else if c < second {
			second = c
		}
	}
	if cost > unitMost || utf8.RuneCountInString(best) < 3 || second-cost < 0.25 || cost > 0.3*float64(utf8.RuneCountInString(best)) {
		return t
	}
	return best
}

// alike are signs that are read for each other; a change within a group costs little.
var alike = [...]string{"Il1|!i[]t/", "LltbiI_-.,1", "O0oQ©@°D", "gqy9", "cCeo(", "S5s$", "B8", "UVuv", "mn", "µu", "/lj1", "AL", "V/"}

// distance is the edit distance of two words in which likely misreadings cost less.
func distance(a, b string) float64 {
	to := []rune(b)
	row := make([]float64, len(to)+1)
	for j := range row {
		row[j] = 0.7 * float64(j)
	}
	for _, r := range a {
		diagonal := row[0]
		row[0] += skip(r)
		for j, s := range to {
			change := diagonal + swap(r, s)
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+skip(r), row[j]+0.7)
		}
	}
	return row[len(to)]
}

// skip is what a sign costs that is not there: dirt is read as stops and dashes.
func skip(r rune) float64 {
	if strings.ContainsRune(".,-_'~", r) {
		return 0.35
	}
	return 0.7
}

func swap(r, s rune) float64 {
	if r == s {
		return 0
	}
	if unicode.ToLower(r) == unicode.ToLower(s) {
		return 0.3
	}
	for _, g := range alike {
		if strings.ContainsRune(g, r) && strings.ContainsRune(g, s) {
			return 0.4
		}
	}
	return 1.4
}
