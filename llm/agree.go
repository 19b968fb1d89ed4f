package llm

import (
	"strings"
	"unicode"

	"chartlake/document"
)

// said is a line as the second reader gives it.
type said struct {
	Text        string
	Handwritten bool
}

// verdict is what the second reader says of a word.
type verdict uint8

const (
	silent    verdict = iota // the word has nothing to compare: a dash, a bullet
	confirmed                // reads the same
	doubted                  // reads another word there, or none
)

// comparison is what a second reading says of a page's words.
type comparison struct {
	words       []verdict
	handwritten []bool
	same, all   int // words confirmed, of those that can be compared
}

// pieceMax bounds the pieces of a page or of an answer: comparing costs their product. A dense
// page has 1,500.
const pieceMax = 6000

// lineMax bounds the pieces of one line: comparing takes memory for its product with the answer.
const lineMax = 300

// piece is a part of a word that is compared: letters and digits, with the signs that change a
// number.
type piece struct {
	text string
	word int  // of the page
	hand bool // of the answer
}

// pieces cuts a text. A sign stays where it makes another number: the point of 1.5, the slash of
// 120/80, the dash of 3-5, and < > + - before or + % behind a digit. Digits and letters are parted,
// since 10mg and 10 mg are one.
func pieces(text string) []string {
	runes := []rune(strings.ToLower(text))
	kept := func(i int) bool {
		r := runes[i]
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) {
			return true
		}
		digit := func(j int) bool { return j >= 0 && j < len(runes) && unicode.IsDigit(runes[j]) }
		switch r {
		case '.', ',', '/', ':', '-', '–':
			return digit(i-1) && digit(i+1) || r == '-' && digit(i+1) && (i == 0 || runes[i-1] == ' ')
		case '<', '>', '≤', '≥':
			return digit(i+1) || i+2 < len(runes) && runes[i+1] == ' ' && digit(i+2)
		case '+':
			return digit(i-1) || digit(i+1)
		case '%':
			return digit(i - 1)
		}
		return false
	}
	var out []string
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for i, r := range runes {
		if !kept(i) {
			end()
			continue
		}
		if i > 0 && unicode.IsLetter(r) != unicode.IsLetter(runes[i-1]) {
			end()
		}
		if r == '–' {
			r = '-'
		}
		b.WriteRune(r)
	}
	end()
	return out
}

// compare holds a second reading against a page. ok is false where the two have so little in
// common that the reading is of something else.
func compare(p *document.Page, second []said) (c comparison, ok bool) {
	c.words, c.handwritten = make([]verdict, len(p.Words)), make([]bool, len(p.Words))
	var theirs []piece
	for _, s := range second {
		for _, t := range pieces(s.Text) {
			theirs = append(theirs, piece{text: t, hand: s.Handwritten})
		}
	}
	lines := make([][]piece, len(p.Lines))
	at, all := make([]int, len(p.Lines)), 0 // pieces before each line
	for i, l := range p.Lines {
		at[i] = all
		for _, w := range l.Words {
			for _, t := range pieces(p.Words[w].Text) {
				lines[i] = append(lines[i], piece{text: t, word: w})
				c.words[w] = doubted
			}
		}
		all += len(lines[i])
	}
	if all == 0 || all > pieceMax || len(theirs) > pieceMax {
		return c, false
	}
	used := make([]bool, len(theirs))
	for _, i := range longestFirst(lines) {
		// Where reading orders differ the place in the text decides among equals only.
		expect := (at[i] + len(lines[i])/2) * len(theirs) / all
		c.place(lines[i], theirs, used, expect)
	}
	for _, v := range c.words {
		if v != silent {
			c.all++
		}
		if v == confirmed {
			c.same++
		}
	}
	return c, 2*c.same >= c.all
}

// longestFirst orders lines by length: long ones find their place surely and leave less for the
// short ones. Lines without pieces are left out.
func longestFirst(lines [][]piece) []int {
	longest := 0
	for _, l := range lines {
		longest = max(longest, len(l))
	}
	byLength := make([][]int, longest+1)
	for i, l := range lines {
		byLength[len(l)] = append(byLength[len(l)], i)
	}
	var out []int
	for n := longest; n > 0; n-- {
		out = append(out, byLength[n]...)
	}
	return out
}

// place finds where a line stands in the second reading and notes what agrees.
func (c *comparison) place(line, theirs []piece, used []bool, expect int) {
	if len(line) > lineMax {
		return
	}
	match := align(line, theirs, used, expect)
	found := 0
	for _, m := range match {
		if m >= 0 {
			found++
		}
	}
	if 2*found < len(line) {
		return
	}
	for i := 0; i < len(line); {
		word, same, hand := line[i].word, true, false
		for j := i; ; i++ {
			if i == len(line) || line[i].word != word {
				break
			}
			m := match[i]
			if m < 0 || i > j && m != match[i-1]+1 {
				same = false // not there, or with something between its parts
			}
			if m >= 0 {
				used[m] = true
				hand = hand || theirs[m].hand
			}
		}
		if same {
			c.words[word] = confirmed
		}
		c.handwritten[word] = hand
	}
}

// Scores of an alignment. A piece that is another one costs less than one that is missing on both
// sides, so that "140" and "148" face each other.
const (
	scoreSame  = 4
	scoreOther = -2
	scoreGap   = -2
	scoreNever = -1 << 20
)

// align finds the run of theirs that the line is most like, and gives for each piece of the line
// its equal there, -1 where there is none. Pieces that another line has used are not there.
func align(line, theirs []piece, used []bool, expect int) []int {
	n, m := len(line), len(theirs)
	rows := make([][]int32, n+1)
	for i := range rows {
		rows[i] = make([]int32, m+1)
		if i > 0 {
			rows[i][0] = rows[i-1][0] + scoreGap
		}
	}
	equal := func(i, j int) bool { return !used[j] && line[i].text == theirs[j].text }
	for i := 1; i <= n; i++ {
		for j := 1; j <= m; j++ {
			step := int32(scoreOther)
			if equal(i-1, j-1) {
				step = scoreSame
			} else if used[j-1] {
				step = scoreNever
			}
			rows[i][j] = max(rows[i-1][j-1]+step, rows[i-1][j]+scoreGap, rows[i][j-1]+scoreGap)
		}
	}
	end := 0
	for j := 1; j <= m; j++ {
		if s := rows[n][j]; s > rows[n][end] || s == rows[n][end] && near(j, expect) < near(end, expect) {
			end = j
		}
	}
	match := make([]int, n)
	for i := range match {
		match[i] = -1
	}
	for i, j := n, end; i > 0 && j > 0; {
		switch {
		case equal(i-1, j-1) && rows[i][j] == rows[i-1][j-1]+scoreSame:
			match[i-1] = j - 1
			i, j = i-1, j-1
		case !used[j-1] && rows[i][j] == rows[i-1][j-1]+scoreOther:
			i, j = i-1, j-1
		case rows[i][j] == rows[i-1][j]+scoreGap:
			i--
		default:
			j--
		}
	}
	return match
}

func near(a, b int) int { return max(a-b, b-a) }
