package field

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyWordsMax is the longest label with a colon that no lexicon knows; longer ones are sentences.
const keyWordsMax = 6

// cut finds the labels of one line and what stands behind them on it. What belongs to no label
// is a piece, a possible value of a label elsewhere.
func (s *sheet) cut(words []int, line int) {
	words = slices.DeleteFunc(slices.Clone(words), func(w int) bool { return s.combed[w] })
	start := 0 // first word that is not yet taken
	var last *key
	for i := range words {
		mark, rule := s.sign(words, i)
		if !mark {
			continue
		}
		from, ok := s.keyStart(words, start, i, rule, last)
		if !ok || remark(s.text(words[from:i+1])) {
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

// remark reports whether what ends in a colon begins a remark to the reader: it asks for nothing.
func remark(text string) bool {
	switch letters(text) {
	case "note", "pleasenote", "important", "warning", "caution", "attention", "example", "nb":
		return true
	}
	return false
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

// leads reports whether word i of a line is a leader or a part of one: dots that stand alone.
func (s *sheet) leads(words []int, i int) bool {
	t := s.page.Words[words[i]].Text
	if t != "" && isWord(t[len(t)-1]) { // as most words end
		return false
	}
	return leader(t) || strings.Trim(t, "._…·") == ""
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

// keyStart finds where the label begins that ends at word i: of all starts the one that is most
// like the beginning of a label. ok is false where none is.
func (s *sheet) keyStart(words []int, start, i int, rule string, last *key) (from int, ok bool) {
	end := i + 1
	if rule == ruleLeader {
		end = i
	}
	space := s.space(words)
	best := 0.0
	for at := max(start, end-max(keyWordsMax, s.lex.longest)); at < end; at++ {
		if score := s.begins(words, start, at, end, space, last); score > best {
			from, best, ok = at, score, true
		}
	}
	return from, ok
}

// begins says how likely words at to end of a line are a label, of what stands from start on behind
// the label before it: above 0 they may be. Wide gaps, capitals, a change to bold type and known
// wordings speak for it; so does that what is left before it suits the last label as a value.
func (s *sheet) begins(words []int, start, at, end int, space float64, last *key) float64 {
	n := end - at
	text := s.text(words[at:end])
	score := min(0.3, 0.15*float64(n))
	if _, known := s.lex.lookup(text); known {
		score += 2.2 + 0.3*float64(n)
	} else if n > keyWordsMax {
		score -= 0.8 * float64(n-keyWordsMax)
	}
	if lead := strings.TrimLeft(text, "0123456789.()#* "); capital(lead) || lead == "" {
		score++
	} else {
		score -= 1.5
	}
	wide := func(k int) float64 { return min(max((s.gap(words, k)-space)/(0.4*s.Text), 0), 3) }
	inner := 0.0
	for k := at + 1; k < end; k++ {
		inner = max(inner, wide(k))
		if s.bold(words[k]) != s.bold(words[k-1]) && s.page.Words[words[k]].Text != ":" {
			inner = max(inner, 1.5)
		}
	}
	score -= inner
	switch {
	case at > 0 && s.bold(words[at]) && !s.bold(words[at-1]):
		score += 2
	case at > start:
		score += wide(at)
	}
	switch {
	case at == start && last == nil:
		score += 2
	case at == start:
		score-- // the label before it would have no value
	case last == nil && at > 0 && wide(at) < 0.5:
		score -= 1.8 // the end of a sentence
	case last != nil:
		score -= 2 * fits(last.kind, shape(s.text(words[start:at])))
	}
	return score
}

// gap is the space before word k of a line.
func (s *sheet) gap(words []int, k int) float64 { return s.Words[words[k]].X0 - s.Words[words[k-1]].X1 }

// space is the usual blank between the words of a line.
func (s *sheet) space(words []int) float64 {
	var gaps []float64
	for k := 1; k < len(words); k++ {
		if g := s.gap(words, k); g > 0 && g < 1.2*s.Text {
			gaps = append(gaps, g)
		}
	}
	if len(gaps) < 3 {
		return 0.45 * s.Text
	}
	slices.Sort(gaps)
	return min(gaps[(len(gaps)-1)/2], 0.9*s.Text)
}

func (s *sheet) bold(w int) bool { return s.page.Words[w].Bold }

func small(t string) bool {
	r, _ := utf8.DecodeRuneInString(t)
	return unicode.IsLower(r)
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
		if n < len(words) && small(s.page.Words[words[n]].Text) {
			break // the wording goes on
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
