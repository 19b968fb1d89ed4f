package field

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

//go:embed labels.txt
var labelsText string

// Kind is what the value of a label looks like.
type Kind string

const (
	KindName    Kind = "name"
	KindDate    Kind = "date"
	KindPhone   Kind = "phone"
	KindMoney   Kind = "money"
	KindID      Kind = "id"
	KindNumber  Kind = "number"
	KindCode    Kind = "code"
	KindText    Kind = "text"
	KindChoice  Kind = "choice"
	KindAddress Kind = "address"
	KindEmail   Kind = "email"
)

// lexicon knows the labels of labels.txt by their letters.
type lexicon struct {
	kinds   map[string]Kind
	longest int // words of the longest label
}

// known is the lexicon, made once: its 600 labels cost as much as a page of them.
var known = sync.OnceValue(newLexicon)

func newLexicon() *lexicon {
	l := &lexicon{kinds: map[string]Kind{}}
	for line := range strings.Lines(labelsText) {
		kind, labels, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for label := range strings.SplitSeq(labels, "|") {
			if key := letters(label); key != "" {
				if _, known := l.kinds[key]; !known {
					l.kinds[key] = Kind(kind)
				}
				l.longest = max(l.longest, len(strings.Fields(label)))
			}
		}
	}
	return l
}

// lookup finds a label by its wording.
func (l *lexicon) lookup(text string) (Kind, bool) {
	k, ok := l.kinds[letters(text)]
	return k, ok
}

// letters is a text without case, blanks and signs; "#" and "No." at its end become "number"; the
// number of a form's box before it is dropped.
func letters(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		s = s[len(number.FindString(s)):]
	}
	if cut, ok := strings.CutSuffix(strings.TrimRight(s, ":. "), "#"); ok {
		s = cut + " number"
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
	return s
}

// number is how boxes of claim forms are counted: "2. Patient's name", "9a".
var number = regexp.MustCompile(`^\d{1,2}([a-d]|[a-d]?[.)])\s`)
