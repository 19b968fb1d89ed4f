package tagger

import (
	"unicode"
	"unicode/utf8"
)

// Word is a word or a mark of punctuation of a sentence.
type Word struct {
	Lower string // in lower case
	Text  string // as written
	Apart bool   // white space stands before it
	Term  Term   // what the dictionary says of it
	Role  uint8  // how it stands in names of problems: a number that is equal for equal words
}

// Term tells where a word stands in a term of the dictionary: 0 outside, odd kinds begin a
// term, the even one after each goes on with it.
type Term uint8

// hash mixes a feature's kind and its parts.
type hash uint64

func kind(k uint64) hash { return hash(k * 0x9E3779B97F4A7C15) }

// and mixes another part in, order kept (the multiply and fold of wyhash, public domain).
func (h hash) and(x uint64) hash {
	h = (h ^ hash(x)) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

func (h hash) sum() uint32 { return uint32(h>>29) ^ uint32(h) }

// text is the number of a text (FNV-1a, 64 bits).
func text(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// Kinds of feature. The order is part of the model: a change wants a new model.
const (
	fBias = iota + 1
	fWord
	fPair
	fAround
	fPrefix
	fSuffix
	fShape
	fShapes
	fGram
	fTerm
	fTermWord
	fRole
	fBracket
	fShort
	fLong
	fPlace
	fSentence
	fRegister // with each of those that are said again by register
)

// beyond stands for the words before and after a sentence.
const beyond = 0x5E17E9CE

// form is what features ask of a word by itself: equal for equal Text.
type form struct {
	lower, shape, short      uint64
	prefix3, suffix3, suffix uint64 // of three, three and four letters
	letters, small           bool   // begins with a letter; is not all capitals
}

func newForm(w *Word) form {
	runs := runs(w.Lower)
	full, short := shape(w.Text)
	r, _ := utf8.DecodeRuneInString(w.Text)
	return form{
		lower: text(w.Lower), shape: text(full), short: text(short),
		prefix3: text(prefix(w.Lower, runs, 3)), suffix3: text(suffix(w.Lower, runs, 3)), suffix: text(suffix(w.Lower, runs, 4)),
		letters: unicode.IsLetter(r), small: short != "A",
	}
}

// runs gives the byte offset of each rune, and the length.
func runs(w string) []int {
	out := make([]int, 0, len(w)+1)
	for i := range w {
		out = append(out, i)
	}
	return append(out, len(w))
}

func prefix(w string, runs []int, n int) string { return w[:runs[min(n, len(runs)-1)]] }
func suffix(w string, runs []int, n int) string { return w[runs[max(0, len(runs)-1-n)]:] }

// shape writes capitals as A, small letters as a, digits as 0 and marks as -, up to eight;
// short folds repeats.
func shape(w string) (full, short string) {
	var f, s []byte
	for _, r := range w {
		c := byte('-')
		switch {
		case unicode.IsUpper(r):
			c = 'A'
		case unicode.IsLetter(r):
			c = 'a'
		case unicode.IsDigit(r):
			c = '0'
		}
		if len(f) < 8 {
			f = append(f, c)
		}
		if len(s) == 0 || s[len(s)-1] != c {
			s = append(s, c)
		}
	}
	return string(f), string(s)
}

// features gathers the features of a word: those said for all registers, and those said again for one.
type features struct {
	register uint64
	ids      []uint32
}

func (f *features) add(h hash) { f.ids = append(f.ids, h.sum()) }

func (f *features) both(h hash) {
	f.ids = append(f.ids, h.sum(), h.and(fRegister<<8|f.register).sum())
}

// own are the features of a word by itself.
func (f *features) own(w *Word, x *form) {
	f.both(kind(fBias))
	f.both(kind(fWord).and(x.lower))
	f.both(kind(fShape).and(x.shape))
	runs := runs(w.Lower)
	letters := len(runs) - 1
	for n := 1; n <= 5 && n <= letters; n++ {
		f.add(kind(fPrefix).and(text(prefix(w.Lower, runs, n))))
		if n >= 2 {
			f.both(kind(fSuffix).and(text(suffix(w.Lower, runs, n))))
		}
	}
	for n := 3; n <= 4; n++ {
		for k := 1; k+n < letters; k++ {
			f.add(kind(fGram).and(text(w.Lower[runs[k]:runs[k+n]])))
		}
	}
}

// near are the features that a word gives to the one that it stands d words after.
func (f *features) near(x *form, d int) {
	at := uint64(d + 8)
	word := kind(fWord).and(at).and(x.lower)
	if d == 2 || d == -2 {
		f.add(word)
		return
	}
	f.both(word)
	f.add(kind(fSuffix).and(at).and(x.suffix3))
	f.add(kind(fSuffix).and(at + 16).and(x.suffix))
	f.add(kind(fPrefix).and(at).and(x.prefix3))
}

// sentence is a sentence prepared for its features.
type sentence struct {
	words     []Word
	forms     []*form
	short     map[int]int // short form in brackets → first word of its long form
	long      map[int]int // word of a long form → its short form
	bracketed []bool
	heading   bool // no small letters
}

var nothing = form{lower: beyond, short: beyond}

func (s *sentence) form(i int) *form {
	if i < 0 || i >= len(s.forms) {
		return &nothing
	}
	return s.forms[i]
}

func (s *sentence) term(i int) uint64 {
	if i < 0 || i >= len(s.words) {
		return 0
	}
	return uint64(s.words[i].Term)
}

func (s *sentence) role(i int) uint64 {
	if i < 0 || i >= len(s.words) {
		return 256
	}
	return uint64(s.words[i].Role)
}

// prepare looks at a sentence as a whole; forms are those of its words.
func prepare(words []Word, forms []*form) *sentence {
	s := &sentence{words: words, forms: forms, short: shortForms(words), heading: true}
	for at, from := range s.short {
		for k := from; k < at-1; k++ {
			if s.long == nil {
				s.long = map[int]int{}
			}
			s.long[k] = at
		}
	}
	depth := 0
	for i := range words {
		switch words[i].Text {
		case "(", "[":
			depth++
		case ")", "]":
			depth = max(depth-1, 0)
		default:
			if depth > 0 {
				if s.bracketed == nil {
					s.bracketed = make([]bool, len(words))
				}
				s.bracketed[i] = true
			}
		}
		if forms[i].letters && forms[i].small {
			s.heading = false
		}
	}
	return s
}

// joint are the features of a word in its sentence that few other words share: of the words
// around it, and of short forms.
func (f *features) joint(s *sentence, i int) {
	w, before, after := s.form(i), s.form(i-1), s.form(i+1)
	f.add(kind(fPair).and(1).and(before.lower).and(w.lower))
	f.add(kind(fPair).and(2).and(w.lower).and(after.lower))
	f.add(kind(fAround).and(1).and(before.lower).and(after.lower))
	f.add(kind(fAround).and(2).and(s.form(i - 2).lower).and(before.lower))
	f.add(kind(fAround).and(3).and(after.lower).and(s.form(i + 2).lower))
	if here := s.term(i); here != 0 {
		f.add(kind(fTermWord).and(here).and(w.suffix3))
		f.add(kind(fTermWord).and(1).and(here).and(before.lower))
		f.add(kind(fTermWord).and(2).and(here).and(after.lower))
	}
	f.shorts(s, i)
}

// looks are the features of how a word and its neighbours are written, and where it stands:
// brackets, joints, the sentence.
func (f *features) looks(s *sentence, i int) {
	w, before, after := s.form(i), s.form(i-1), s.form(i+1)
	f.add(kind(fShapes).and(1).and(before.short).and(w.short))
	f.add(kind(fShapes).and(2).and(w.short).and(after.short))
	f.add(kind(fShapes).and(3).and(before.short).and(w.short).and(after.short))
	if s.inBrackets(i) {
		f.add(kind(fBracket).and(1))
		f.add(kind(fBracket).and(2).and(w.short))
	}
	f.add(kind(fPlace).and(s.joints(i)).and(w.short))
	if i == 0 {
		f.add(kind(fSentence).and(1))
		f.add(kind(fSentence).and(2).and(w.short))
	}
	if s.heading {
		f.add(kind(fSentence).and(3))
	}
}

// looksKey is a number that is equal for words with equal looks.
func (s *sentence) looksKey(i int) uint64 {
	flags := s.joints(i) << 3
	if s.inBrackets(i) {
		flags |= 1
	}
	if i == 0 {
		flags |= 2
	}
	if s.heading {
		flags |= 4
	}
	return uint64(kind(fShapes).and(s.form(i - 1).short).and(s.form(i).short).and(s.form(i + 1).short).and(flags))
}

func (s *sentence) inBrackets(i int) bool { return s.bracketed != nil && s.bracketed[i] }

// joints tells on which sides of a word white space stands.
func (s *sentence) joints(i int) uint64 {
	j := uint64(0)
	if s.words[i].Apart {
		j = 1
	}
	if i+1 < len(s.words) && s.words[i+1].Apart {
		j |= 2
	}
	return j
}

// terms are the features of what the dictionary says of a word and its neighbours.
func (f *features) terms(s *sentence, i int) {
	here, role := s.term(i), s.role(i)
	f.both(kind(fTerm).and(here))
	f.both(kind(fTerm).and(3).and(s.term(i - 1)).and(here).and(s.term(i + 1)))
	f.add(kind(fTerm).and(1).and(s.term(i - 1)).and(here))
	f.add(kind(fTerm).and(2).and(here).and(s.term(i + 1)))
	f.both(kind(fRole).and(role))
	f.both(kind(fRole).and(4).and(s.role(i - 1)).and(role).and(s.role(i + 1)))
	f.add(kind(fRole).and(1).and(s.role(i - 1)).and(role))
	f.add(kind(fRole).and(2).and(role).and(s.role(i + 1)))
	f.add(kind(fRole).and(3).and(role & 3).and(s.role(i+1) & 3).and(here))
}

// termsKey is a number that is equal for words with equal terms.
func (s *sentence) termsKey(i int) uint64 {
	return uint64(kind(fTerm).and(s.term(i-1)<<32 | s.term(i)<<16 | s.term(i+1)).and(s.role(i-1)<<32 | s.role(i)<<16 | s.role(i+1)))
}

// shorts are the features of short forms and the words that explain them.
func (f *features) shorts(s *sentence, i int) {
	if from, ok := s.short[i]; ok {
		last, term := i-2, uint64(0)
		for j := from; j <= last; j++ {
			if t := s.term(j); t != 0 {
				term = t
			}
		}
		f.add(kind(fShort))
		f.add(kind(fShort).and(1).and(s.form(last).lower))
		f.add(kind(fShort).and(2).and(s.form(last).suffix3))
		f.add(kind(fShort).and(3).and(s.form(from).lower))
		f.add(kind(fShort).and(4).and(term))
	}
	if at, ok := s.long[i]; ok {
		f.add(kind(fLong).and(uint64(min(at-i, 6))))
	}
}

// all are the features of word i in the order own, near, joint, looks, terms.
func (f *features) all(s *sentence, i int) []uint32 {
	f.ids = f.ids[:0]
	f.own(&s.words[i], s.forms[i])
	for _, d := range [4]int{-2, -1, 1, 2} {
		f.near(s.form(i+d), d)
	}
	f.joint(s, i)
	f.looks(s, i)
	f.terms(s, i)
	return f.ids
}
