package clinical

import (
	"sort"
	"strconv"
	"strings"

	"chartlake/fault"
)

// parseBrat reads a standoff file (brat 1.3): T text-bound spans with offsets in characters,
// E events that point to their trigger, A (and M) attributes. A discontinuous span is taken
// from its first to its last character. Relations are not read.
func parseBrat(name, text, ann string) (Text, error) {
	out := Text{Name: name, Text: text}
	runes := len([]rune(text))
	at := map[string]int{} // T or E id to mention
	var attributes [][]string
	for _, line := range strings.Split(ann, "\n") {
		id, rest, _ := strings.Cut(strings.TrimRight(line, "\r"), "\t")
		if id == "" {
			continue
		}
		head, _, _ := strings.Cut(rest, "\t")
		f := strings.Fields(strings.ReplaceAll(head, ";", " "))
		switch id[0] {
		case 'T':
			m, ok := bratSpan(f, runes)
			if !ok {
				return out, fault.New(fault.Invalid, "bad_standoff", "a text-bound line has no span within the text")
			}
			at[id] = len(out.Mentions)
			out.Mentions = append(out.Mentions, m)
		case 'E':
			if len(f) > 0 {
				_, trigger, _ := strings.Cut(f[0], ":")
				if n, ok := at[trigger]; ok {
					at[id] = n
					out.Mentions[n].affirm()
				}
			}
		case 'A', 'M':
			attributes = append(attributes, f)
		}
	}
	for _, f := range attributes {
		if len(f) < 2 {
			continue
		}
		if n, ok := at[f[1]]; ok {
			out.Mentions[n].polarity(f)
		}
	}
	sort.SliceStable(out.Mentions, func(i, j int) bool { return out.Mentions[i].Begin < out.Mentions[j].Begin })
	return out, nil
}

// bratSpan reads "Label begin end begin end ...".
func bratSpan(f []string, runes int) (Mention, bool) {
	if len(f) < 3 {
		return Mention{}, false
	}
	begin, err := strconv.Atoi(f[1])
	end, err2 := strconv.Atoi(f[len(f)-1])
	if err != nil || err2 != nil || begin < 0 || begin >= end || end > runes {
		return Mention{}, false
	}
	m := Mention{Begin: begin, End: end, Type: labels[f[0]], Label: f[0]}
	if f[0] == "Family_history" {
		family := "family"
		m.Experiencer = &family
	}
	return m, true
}

// affirm makes a mention one of those that carry a polarity: events, of a type that this
// project has. A date or a detail is neither affirmed nor denied.
func (m *Mention) affirm() {
	if m.Type != "" {
		m.Negated, m.Uncertain = yes(false), yes(false)
	}
}

// polarity sets what an attribute says: NEG denies, UNCERTAIN and MAYBE_* leave open (and
// say nothing of negation); a bare "Negation" attribute denies as well. In MACCROBAT2020 NEG
// also marks what has ended (resolved, stopped, removed), so there a mention that is read as
// ended counts as denied.
func (m *Mention) polarity(f []string) {
	if m.Type == "" {
		return
	}
	v := f[0]
	if len(f) > 2 {
		v = f[2]
	}
	switch strings.ToUpper(v) {
	case "NEG", "NEGATION", "NEGATED":
		m.Negated = yes(true)
	case "UNCERTAIN", "MAYBE_POS", "MAYBE_NEG", "POSSIBLE":
		m.Uncertain, m.Negated = yes(true), nil
	}
}
