package field

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyWordsMax is the longest label with a colon that no lexicon knows; longer ones are sentences.
const keyWordsMax = 6

// cut finds the labels of one line and what stands behind them on it. What belongs to no label
// is a piece, a possible value of a label elsewhere.
func (s *sheet) cut(line int) {
	words := s.page.Lines[line].Words
	start := 0 // first word that is not yet taken
	var last *key
	for i := range words {
		mark, rule := s.sign(words, i)
		if !mark {
			continue
		}
		from, ok := s.keyStart(words, start, i, rule)
		if !ok {
			continue
		}
		s.give(last, words[start:from], line)
		label := words[from : i+1]
		if rule == ruleLeader {
			label = words[from:i]
		}
		if len(label) == 0 {
			start = i + 1
			continue
		}
		last = s.addKey(label, rule, line)
		last.blank = true
		start = i + 1
	}
	rest := words[start:]
	if last == nil {
		s.wording(rest, line)
		return
	}
	s.give(last, rest, line)
}

// give makes words the value of the label before them, or a piece where there is none.
func (s *sheet) give(k *key, words []int, line int) {
	words = s.withoutLeaders(words)
	if len(words) == 0 {
		return
	}
	if k == nil {
		s.addPiece(words, line)
		return
	}
	k.value, k.sealed = words, true
}

// sign reports whether a label may end at word i, and by which sign.
func (s *sheet) sign(words []int, i int) (bool, string) {
	t := s.page.Words[words[i]].Text
	if s.leads(words, i) {
		return i > 0 && !s.leads(words, i-1), ruleLeader
	}
	if !strings.HasSuffix(t, ":") {
		return false, ""
	}
	body := strings.TrimRight(t, ":")
	if body == "" {
		return i > 0, ruleColon
	}
	r, _ := utf8.DecodeLastRuneInString(body)
	digits := strings.IndexFunc(body, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
	return !digits && (unicode.IsLetter(r) || strings.ContainsRune(")#.'/?\"%", r) || unicode.IsDigit(r)), ruleColon
}

// leader reports whether a word is only dots, underscores or dashes to write on.
func leader(t string) bool {
	return utf8.RuneCountInString(t) >= 3 && strings.Trim(t, "._-…·") == "" && (strings.ContainsAny(t, "._…·"))
}

// leads reports whether word i of a line is a leader, or one of three dots and more that are
// spaced out as one.
func (s *sheet) leads(words []int, i int) bool {
	t := s.page.Words[words[i]].Text
	if t != "" && isWord(t[len(t)-1]) { // as most words end
		return false
	}
	if leader(t) {
		return true
	}
	dots := func(i int) bool { return strings.Trim(s.page.Words[words[i]].Text, "._…·") == "" }
	from, to := i, i
	for from >= 0 && i-from < 3 && dots(from) {
		from--
	}
	for to < len(words) && to-i < 3 && dots(to) {
		to++
	}
	return from < i && to-from > 3
}

// isWord reports whether a byte is a letter or a figure of ASCII.
func isWord(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' }

func (s *sheet) withoutLeaders(words []int) []int {
	var out []int
	for i, w := range words {
		if !s.leads(words, i) {
			out = append(out, w)
		}
	}
	return out
}

// keyStart finds where the label begins that ends at word i: the longest known wording, else
// behind the widest gap, else all words from start on where these are few.
func (s *sheet) keyStart(words []int, start, i int, rule string) (int, bool) {
	end := i + 1
	if rule == ruleLeader {
		end = i
	}
	for from := max(start, end-s.lex.longest); from < end; from++ {
		if _, ok := s.lex.lookup(s.text(words[from:end])); ok {
			return from, true
		}
	}
	from, gap := start, 0.0
	for j := start + 1; j < end; j++ {
		if g := s.Words[words[j]].X0 - s.Words[words[j-1]].X1; g > gap && g > 0.9*s.Text {
			from, gap = j, g
		}
	}
	if from == start && start > 0 && end-start > 1 { // within a value: the label is its last capitalised words
		from = end - 1
		for from > start+1 && capital(s.page.Words[words[from-1]].Text) && end-from < 3 {
			from--
		}
	}
	return from, end-from <= keyWordsMax && end > from
}

func capital(t string) bool {
	r, _ := utf8.DecodeRuneInString(t)
	return unicode.IsUpper(r)
}

// wording looks for labels without a sign: a line that is a known label, or that begins with
// one and goes on with a value of its kind.
func (s *sheet) wording(words []int, line int) {
	if len(words) == 0 {
		return
	}
	for n := min(len(words), s.lex.longest); n > 0; n-- {
		kind, ok := s.lex.lookup(s.text(words[:n]))
		if !ok || !capital(strings.TrimLeft(s.text(words[:n]), "0123456789. (")) {
			continue
		}
		if n == len(words) {
			s.addKey(words, ruleBelow, line)
			return
		}
		value := s.withoutLeaders(words[n:])
		if len(value) > 0 && len(value) <= 6 && kind != KindText && kind != KindName && kind != KindChoice && kind != KindAddress &&
			fits(kind, shape(s.text(value))) == 0 && strings.IndexFunc(s.text(value), unicode.IsDigit) >= 0 {
			k := s.addKey(words[:n], ruleWords, line)
			k.value, k.sealed = value, true
			return
		}
	}
	s.addPiece(words, line)
}
