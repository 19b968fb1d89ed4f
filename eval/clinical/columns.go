package clinical

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"chartlake/fault"
	"chartlake/record"
)

// parseIOB reads token columns: the word first, the IOB tag last, a blank line between
// sentences, each of which becomes a text. Words are joined by blanks but for marks that are
// written without them, since the files do not keep the space.
func parseIOB(name, data string) ([]Text, error) {
	var out []Text
	var b sentence
	end := func() {
		if len(b.words) > 0 {
			out = append(out, b.text(name+"#"+strconv.Itoa(len(out)+1)))
			b = sentence{}
		}
	}
	for _, line := range strings.Split(data, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "-DOCSTART-" {
			end()
			continue
		}
		tag := f[len(f)-1]
		if len(f) < 2 || tag != "O" && !strings.HasPrefix(tag, "B-") && !strings.HasPrefix(tag, "I-") {
			return nil, fault.New(fault.Invalid, "bad_columns", "a line is not a word and an IOB tag")
		}
		b.words, b.tags = append(b.words, f[0]), append(b.tags, tag)
	}
	end()
	return out, nil
}

type sentence struct{ words, tags []string }

func (s sentence) text(name string) Text {
	out := Text{Name: name}
	var b strings.Builder
	at, open := 0, -1
	for i, w := range s.words {
		if i > 0 && apart(s.words[i-1], w) && !s.decimal(i) {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(w)
		next := at + utf8.RuneCountInString(w)
		tag := s.tags[i]
		switch {
		case tag == "O":
			open = -1
		case tag[0] == 'I' && open >= 0:
			out.Mentions[open].End = next
		default:
			open = len(out.Mentions)
			out.Mentions = append(out.Mentions, Mention{Begin: at, End: next, Type: labels[tag[2:]], Label: tag[2:]})
		}
		at = next
	}
	out.Text = b.String()
	return out
}

// decimal reports the digits behind the point of a number.
func (s sentence) decimal(i int) bool {
	return i > 1 && (s.words[i-1] == "." || s.words[i-1] == ",") && digits(s.words[i]) && digits(s.words[i-2])
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// apart reports a blank between two words.
func apart(left, right string) bool {
	return !strings.Contains(",.;:)]%-/'", right) && !strings.Contains("([-/", left)
}

// parseConcepts reads the table of the NegEx kit: number, concept, sentence, negation,
// temporality, experiencer. Rows whose concept does not stand in the sentence are counted.
func parseConcepts(name, data string) (out []Text, lost int, err error) {
	for i, line := range strings.Split(data, "\n") {
		c := strings.Split(strings.TrimRight(line, "\r"), "\t")
		if i == 0 || line == "" {
			continue
		}
		if len(c) < 6 {
			return nil, 0, fault.New(fault.Invalid, "bad_columns", "a row has fewer than six columns")
		}
		text, concept := []rune(c[2]), []rune(c[1])
		at := find(text, concept)
		if at < 0 {
			lost++
			continue
		}
		whose := "patient"
		if c[5] != "Patient" {
			whose = "other"
		}
		m := Mention{Begin: at, End: at + len(concept), Negated: yes(c[3] == "Negated"), Experiencer: &whose}
		if c[4] != "Not particular" {
			m.Historical, m.Hypothetical = yes(c[4] == "Historical"), yes(c[4] == "Hypothetical")
		}
		m.Type = record.Problem
		out = append(out, Text{Name: name + "#" + c[0], Text: c[2], Mentions: []Mention{m}})
	}
	return out, lost, nil
}

// find gives where words stand in a text, whatever their case; -1 where they do not.
func find(text, words []rune) int {
	for i := 0; i+len(words) <= len(text) && len(words) > 0; i++ {
		if strings.EqualFold(string(text[i:i+len(words)]), string(words)) && bounded(text, i, i+len(words)) {
			return i
		}
	}
	return -1
}

func bounded(text []rune, begin, end int) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] >= 'a' && text[i] <= 'z' || text[i] >= 'A' && text[i] <= 'Z')
	}
	return !(letter(begin-1) && letter(begin)) && !(letter(end-1) && letter(end))
}
