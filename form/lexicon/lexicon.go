// Package lexicon knows the labels that forms print: which words name which field, by type
// of document. Labels are matched with tolerance to reading errors; values never are.
// The words are data (labels.txt); names follow docs/format/record.md.
package lexicon

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"chartlake/record"
)

//go:embed labels.txt
var labelData string

// Label is one field of a type with the way its value is read.
type Label struct {
	Name  string // "" for a label that is known but names no field
	Kind  string // kind of package value, or "benefit", "web"
	Must  bool   // expected on this type
	Many  bool   // may have several values
	Wrap  bool   // the value goes on over lines
	Later bool   // a date that may lie after the document's own
	Loose bool   // the value may follow without colon or gap when it parses
	Tail  bool   // words may follow without colon or gap when they begin with a capital or a digit
	Caps  bool   // an identifier of capitals without a digit may follow so
}

// Lexicon is the labels of one type. It is immutable.
type Lexicon struct {
	buckets map[byte][]entry // spellings by their initial
	Labels  []*Label         // the type's own and the shared ones, in the order of the file
}

type entry struct {
	tokens []string
	label  *Label
	other  *Label // a second field that prints the same label; the value's shape decides
}

type section struct {
	types []string
	rows  [][]string
}

var sections = sync.OnceValue(func() []section {
	var all []section
	for line := range strings.Lines(labelData) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			all = append(all, section{types: strings.Fields(strings.Trim(line, "[]"))})
		default:
			s := &all[len(all)-1]
			s.rows = append(s.rows, strings.Split(line, "\t"))
		}
	}
	return all
})

var lexicons sync.Map // record.Type → *Lexicon

// For is the lexicon of a type: its own labels, then the shared ones, then the known labels
// without a field.
func For(t record.Type) *Lexicon {
	if l, ok := lexicons.Load(t); ok {
		return l.(*Lexicon)
	}
	l, _ := lexicons.LoadOrStore(t, build(string(t)))
	return l.(*Lexicon)
}

func build(t string) *Lexicon {
	l := &Lexicon{buckets: map[byte][]entry{}}
	seen := map[string]string{}
	names := map[string]*Label{}
	for _, pass := range []string{t, "shared", "ignored"} {
		for _, s := range sections() {
			if !contains(s.types, pass) {
				continue
			}
			for _, row := range s.rows {
				l.add(row, pass, seen, names)
			}
		}
	}
	return l
}

func (l *Lexicon) add(row []string, pass string, seen map[string]string, names map[string]*Label) {
	label := names[row[0]]
	if label == nil {
		has := func(o string) bool { return contains(strings.Split(row[2], ","), o) }
		label = &Label{Name: row[0], Kind: row[1], Must: has("must"), Many: has("many"), Wrap: has("wrap"),
			Later: has("later"),
			Loose: has("loose"), Tail: has("tail"), Caps: has("caps")}
		if row[0] == "-" {
			label.Name = ""
		}
		names[row[0]] = label
		l.Labels = append(l.Labels, label)
	}
	for _, spelling := range strings.Split(row[3], "|") {
		tokens := Tokens(spelling)
		key := strings.Join(tokens, " ")
		if len(tokens) == 0 {
			continue
		}
		if was, ok := seen[key]; ok {
			if was == pass && pass != "ignored" {
				l.second(tokens, label)
			}
			continue
		}
		seen[key] = pass
		at := Initial(tokens[0])
		l.buckets[at] = append(l.buckets[at], entry{tokens: tokens, label: label})
	}
}

// second notes that a spelling of this type names another field too.
func (l *Lexicon) second(tokens []string, label *Label) {
	at := Initial(tokens[0])
	for i, e := range l.buckets[at] {
		if slices.Equal(e.tokens, tokens) && e.label != label {
			l.buckets[at][i].other = label
		}
	}
}

// Label finds the label of a name; nil when the type has none.
func (l *Lexicon) Label(name string) *Label {
	for _, x := range l.Labels {
		if x.Name == name {
			return x
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// Normal is a word as labels are compared: lower case, letters and digits only, with the
// common signs "#" and "&" as words.
func Normal(word string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(word) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Tokens are the words of a label in normal form; "/" and "-" divide words.
func Tokens(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '/' || r == '-' || r == ',' || r == '(' || r == ')'
	}) {
		if n := Normal(w); n != "" {
			out = append(out, n)
		}
	}
	return out
}

// Match is a label found at the beginning of a run of words.
type Match struct {
	Label  *Label
	Other  *Label // another field with the same label, nil for none
	Words  int    // how many words of the run it takes
	Exact  bool   // no reading error was overlooked
	Colon  bool   // a colon or "#" closes it
	Tokens int    // length in words of the spelling
}

// Run is a run of printed words made ready for comparison.
type Run struct {
	Words []string // as printed
	parts []part
	start []int // first part of each word, and the end
}

type part struct {
	norm  string
	word  int
	first byte // first letter after OCR's confusions
}

// Prepare divides words into comparable parts.
func Prepare(words []string) Run {
	r := Run{Words: words, start: make([]int, len(words)+1)}
	for i, w := range words {
		r.start[i] = len(r.parts)
		for _, n := range Tokens(w) {
			r.parts = append(r.parts, part{n, i, Initial(n)})
		}
	}
	r.start[len(words)] = len(r.parts)
	return r
}

// Initial is the bucket of a word in normal form: its first letter as OCR may confuse it.
// Words that are Alike have the same one.
func Initial(n string) byte {
	if len(n) < 3 {
		return n[0]
	}
	return settled(n)
}

// At finds the longest label that the words from number i on begin with.
func (l *Lexicon) At(r Run, i int) (Match, bool) {
	var best Match
	if i >= len(r.Words) || r.start[i] == r.start[i+1] {
		return best, false
	}
	p := r.parts[r.start[i]]
	for _, e := range l.buckets[p.first] {
		if len(e.tokens) < best.Tokens || len(e.tokens) == best.Tokens && best.Exact {
			continue
		}
		used, exact, ok := r.begins(i, e.tokens)
		if ok && (len(e.tokens) > best.Tokens || exact) {
			best = Match{Label: e.label, Other: e.other, Words: used, Exact: exact, Tokens: len(e.tokens)}
		}
	}
	if best.Label == nil {
		return best, false
	}
	best.Words, best.Colon = closing(r.Words[i:], best.Words)
	return best, true
}

// closing takes what belongs to a label behind its words: "No.", "#", a remark in
// parentheses, and the colon.
func closing(words []string, n int) (used int, colon bool) {
	ends := func(w string) bool { return strings.HasSuffix(w, ":") || strings.HasSuffix(w, "#") || w == "-" }
	if n > 0 && ends(words[n-1]) && words[n-1] != "-" {
		return n, true
	}
	for i := n; i < len(words) && i < n+5; i++ {
		w := words[i]
		switch norm := Normal(w); {
		case w == ":" || w == "#" || w == "#:" || w == ".:":
			return i + 1, true
		case norm == "no" || norm == "number" || norm == "num" || norm == "nbr" || norm == "s" && strings.HasPrefix(w, "("):
			if i != n {
				return n, false
			}
			n = i + 1
			if ends(w) {
				return n, true
			}
		case strings.HasPrefix(w, "("):
			for j := i; j < len(words) && j < i+6; j++ {
				if strings.HasSuffix(words[j], "):") {
					return j + 1, true
				}
				if strings.HasSuffix(words[j], ")") {
					if j+1 < len(words) && words[j+1] == ":" {
						return j + 2, true
					}
					return n, false
				}
			}
			return n, false
		default:
			return n, false
		}
	}
	return n, false
}

// begins compares the words from number i on with a spelling and gives how many it takes. A
// word that ends in a colon can only be the last; a word is taken whole.
func (r Run) begins(i int, spelling []string) (used int, exact, ok bool) {
	from := r.start[i]
	if from+len(spelling) > len(r.parts) {
		return 0, false, false
	}
	exact = true
	for k, want := range spelling {
		p := r.parts[from+k]
		same, clean := Alike(p.norm, want)
		if !same {
			return 0, false, false
		}
		exact = exact && clean
		if k > 0 && p.word != r.parts[from+k-1].word && strings.HasSuffix(r.Words[p.word-1], ":") {
			return 0, false, false
		}
	}
	last := r.parts[from+len(spelling)-1].word
	if from+len(spelling) != r.start[last+1] {
		return 0, false, false
	}
	return last + 1 - i, exact, true
}

var labelWords = sync.OnceValue(func() map[string]struct{} {
	out := map[string]struct{}{}
	for _, w := range strings.FieldsFunc(strings.ToLower(labelData), func(r rune) bool { return r < 'a' || r > 'z' }) {
		out[w] = struct{}{}
	}
	return out
})

// HasWord reports whether a word, in lower case, stands in a label.
func HasWord(word string) bool {
	_, ok := labelWords()[word]
	return ok
}
