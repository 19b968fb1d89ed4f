package sig

import (
	"strconv"
	"strings"
	"unicode"
)

// token is a word, a number or a mark. begin and end are byte offsets in the text.
type token struct {
	word       string // in lower case, without points; "" for a number
	number     string // a decimal
	begin, end int
}

// split makes tokens: letters and digits part ("bidx9" and "q6h" come apart), single
// letters with points between them are one word ("b.i.d.").
func split(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		r := rune(text[i])
		j := i + 1
		switch {
		case r >= 0x80:
			for j < len(text) && text[j] >= 0x80 {
				j++
			}
			out = append(out, other(text[i:j], i, j)...)
		case unicode.IsLetter(r):
			for j < len(text) && (unicode.IsLetter(rune(text[j])) && text[j] < 0x80 || text[j] == '\'' && j+1 < len(text) && unicode.IsLetter(rune(text[j+1]))) {
				j++
			}
			out = append(out, token{word: strings.ToLower(text[i:j]), begin: i, end: j})
		case r >= '0' && r <= '9' || r == '.' && j < len(text) && text[j] >= '0' && text[j] <= '9' && !letterBefore(text, i):
			for j < len(text) && (text[j] >= '0' && text[j] <= '9' || (text[j] == '.' || text[j] == ',') && j+1 < len(text) && text[j+1] >= '0' && text[j+1] <= '9') {
				j++
			}
			out = append(out, token{number: decimal(text[i:j]), begin: i, end: j})
		case !unicode.IsSpace(r):
			out = append(out, token{word: text[i:j], begin: i, end: j})
		}
		i = j
	}
	return joined(out)
}

func letterBefore(text string, i int) bool { return i > 0 && unicode.IsLetter(rune(text[i-1])) }

// other reads characters beyond ASCII: fractions, the micro sign, dashes, else a word.
func other(s string, begin, end int) []token {
	for _, f := range []struct{ sign, number string }{{"½", "0.5"}, {"¼", "0.25"}, {"¾", "0.75"}} {
		if s == f.sign {
			return []token{{number: f.number, begin: begin, end: end}}
		}
	}
	if s == "–" || s == "—" {
		s = "-"
	}
	return []token{{word: strings.ToLower(s), begin: begin, end: end}}
}

// decimal gives a number without thousands separators and superfluous zeros; "" where it is
// too long to be a dose.
func decimal(s string) string {
	if i := strings.IndexByte(s, ','); i >= 0 && len(s)-i != 4 {
		s = strings.Replace(s, ",", ".", 1) // 2,5
	}
	s = strings.ReplaceAll(s, ",", "")
	if len(s) > 9 {
		return "0"
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// joined puts "b . i . d ." and "b / d" together and drops points.
func joined(toks []token) []token {
	var out []token
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if single(t) {
			for i+2 < len(toks) && (toks[i+1].word == "." || toks[i+1].word == "/") && single(toks[i+2]) && toks[i+1].begin == t.end && toks[i+2].begin == toks[i+1].end {
				t.word, t.end = t.word+toks[i+2].word, toks[i+2].end
				i += 2
			}
		}
		if t.word == "." {
			continue
		}
		out = append(out, t)
	}
	return out
}

func single(t token) bool { return len(t.word) == 1 && unicode.IsLetter(rune(t.word[0])) }

var numberWords = map[string]string{"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
	"nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fourteen": "14", "fifteen": "15", "twenty": "20", "thirty": "30", "half": "0.5", "quarter": "0.25"}

// read makes the tokens of an instruction: words apart that stand glued, misspellings
// corrected, numbers out of words and fractions, repetitions ("2 two", "4 four") dropped.
func (l *lexicon) read(text string) []token {
	var out []token
	for _, t := range split(text) {
		for _, part := range l.unglue(t) {
			for _, piece := range l.unglue(part) {
				piece.word = l.correct(piece.word)
				out = append(out, piece)
			}
		}
	}
	return numbers(l.roman(out))
}

// unglue takes a word apart where a form printed its fields without a blank between them
// ("tidprnas needed", "dailyinstrshake", "hrx10", "bidwm").
func (l *lexicon) unglue(t token) []token {
	if len(t.word) < 3 || l.known(t.word) {
		return []token{t}
	}
	cut := func(at, size int) []token {
		var out []token
		add := func(from, to int) {
			if from < to {
				out = append(out, token{word: t.word[from:to], begin: t.begin + from, end: t.begin + to})
			}
		}
		add(0, at)
		add(at, at+size)
		add(at+size, len(t.word))
		return out
	}
	if i := strings.Index(t.word, "instr"); i >= 0 && t.word != "instruction" && t.word != "instructions" && t.end-t.begin == len(t.word) {
		return append(cut(i, 5)[:min(2, len(cut(i, 5)))], token{word: "instr", begin: t.end, end: t.end})
	}
	if t.end-t.begin != len(t.word) {
		return []token{t} // points were dropped: offsets do not count letters
	}
	if i := strings.Index(t.word, "prn"); i >= 0 {
		return cut(i, 3)
	}
	if left, ok := strings.CutSuffix(t.word, "x"); ok && len(l.phrases[left]) > 0 {
		return cut(len(left), 1)
	}
	for _, latin := range []string{"bid", "tid", "qid"} {
		if strings.HasPrefix(t.word, latin) {
			return cut(0, 3)
		}
	}
	return []token{t}
}

// romans are the Roman numerals of prescriptions; iv is a route and v a letter.
var romans = map[string]string{"i": "1", "ii": "2", "iii": "3"}

// roman turns numerals before a unit of dose into numbers: "ii caps".
func (l *lexicon) roman(toks []token) []token {
	for i := 0; i+1 < len(toks); i++ {
		n, is := romans[toks[i].word]
		if !is {
			continue
		}
		for _, s := range l.phrases[toks[i+1].word] {
			if s.kind == "unit" {
				toks[i].number, toks[i].word = n, ""
				break
			}
		}
	}
	return toks
}

// numbers turns number words and fractions into numbers.
func numbers(toks []token) []token {
	var out []token
	last := func(back int) *token {
		if len(out) < back {
			return &token{}
		}
		return &out[len(out)-back]
	}
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if said, size := repeated(last(1).number, toks[i:]); said { // 2 (two), two (2)
			last(1).end = toks[i+size-1].end
			i += size - 1
			continue
		}
		if n, ok := numberWords[t.word]; ok {
			t.number, t.word = n, ""
			if last(1).word == "-" && last(2).number == "1" && n == "0.5" { // one-half
				out = out[:len(out)-2]
			}
			if before := last(1); before.number == n && i > 0 { // 2 two
				before.end = t.end
				continue
			}
			if last(1).number != "" && n == "0.5" && last(1).number == "1" { // one half
				out = out[:len(out)-1]
			}
		}
		if t.number != "" && last(1).word == "/" && last(2).number != "" {
			if q, ok := quotient(last(2).number, t.number); ok {
				t.number, t.begin = q, last(2).begin
				out = out[:len(out)-2]
				if dash, whole := last(1), last(2); dash.word == "-" && value(whole.number) >= 1 && !strings.Contains(whole.number, ".") && dash.begin == whole.end && t.begin == dash.end { // 1-1/2
					t.number, t.begin = sum(whole.number, q), whole.begin
					out = out[:len(out)-2]
				}
				if whole := last(1); whole.number != "" && !strings.Contains(whole.number, ".") && t.begin-whole.end == 1 { // 1 1/2
					t.number, t.begin = sum(whole.number, q), whole.begin
					out = out[:len(out)-1]
				}
			}
		}
		if last(1).word == "and" && last(2).number != "" && t.number == "0.5" { // one and a half, below
			t.number, t.begin = sum(last(2).number, "0.5"), last(2).begin
			out = out[:len(out)-2]
		}
		if t.number == "0.5" && last(1).word == "a" && last(2).word == "and" && last(3).number != "" {
			t.number, t.begin = sum(last(3).number, "0.5"), last(3).begin
			out = out[:len(out)-3]
		}
		out = append(out, t)
	}
	return out
}

// repeated reports that tokens say a number once more in brackets: "(two)" behind 2.
func repeated(number string, toks []token) (bool, int) {
	if number == "" || len(toks) < 3 || toks[0].word != "(" || toks[2].word != ")" {
		return false, 0
	}
	again := toks[1].number
	if again == "" {
		again = numberWords[toks[1].word]
	}
	return again == number, 3
}

// quotient gives a/b for the small fractions that doses are written with.
func quotient(a, b string) (string, bool) {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	if x < 1 || y < 2 || x >= y || y > 10 {
		return "", false
	}
	return strings.TrimRight(strconv.FormatFloat(float64(x)/float64(y), 'f', 3, 64), "0"), true
}

func sum(a, b string) string {
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	return strconv.FormatFloat(x+y, 'f', -1, 64)
}
