package tagger

import "strings"

// A text explains a short form once, "long form (SF)", and then uses it bare. Memory carries
// what the explained words were to the later sentences.

// reach is how many sentences an explanation holds: beyond it another text may have begun.
const reach = 40

// defined is what a short form stands for.
type defined struct {
	typ         Type
	probability float64
	at          int // sentence
}

// Text finds the mentions of the sentences of one text, in order.
func (t *Tagger) Text(sentences [][]Word, register Register) [][]Mention {
	out := make([][]Mention, len(sentences))
	known := map[string]defined{}
	for n, words := range sentences {
		found := t.Tag(words, register)
		short := shortForms(words)
		for i, w := range words {
			if _, here := short[i]; here {
				continue
			}
			if d, ok := known[w.Text]; ok && n-d.at <= reach {
				found = settle(found, i, d)
			} else if s, plural := strings.CutSuffix(w.Text, "s"); plural {
				if d, ok := known[s]; ok && n-d.at <= reach {
					found = settle(found, i, d)
				}
			}
		}
		for at, from := range short {
			d := defined{at: n}
			for _, m := range found {
				if m.Last == at-1 && m.First >= from-1 && m.First <= from+1 {
					d.typ, d.probability = m.Type, m.Probability
				}
			}
			if d.typ == None {
				for _, m := range found {
					if m.First <= at-2 && m.Last > from && m.Type != None {
						d.typ, d.probability = None, -1 // part of the long form: leave it to each sentence
					}
				}
			}
			if d.probability >= 0 {
				known[words[at].Text] = d
			}
			if d.typ != None {
				found = settle(found, at, d)
			}
		}
		out[n] = found
	}
	return out
}

// settle makes word i alone, where it is no part of a longer mention, what it was defined to be.
func settle(found []Mention, i int, d defined) []Mention {
	for k, m := range found {
		if m.First <= i && i < m.Last {
			if m.Last-m.First > 1 {
				return found
			}
			if d.typ == None {
				return append(found[:k:k], found[k+1:]...)
			}
			found[k].Type, found[k].Probability = d.typ, max(m.Probability, d.probability)
			return found
		}
		if m.First > i {
			if d.typ == None {
				return found
			}
			out := append(found[:k:k], Mention{First: i, Last: i + 1, Type: d.typ, Probability: d.probability})
			return append(out, found[k:]...)
		}
	}
	if d.typ == None {
		return found
	}
	return append(found, Mention{First: i, Last: i + 1, Type: d.typ, Probability: d.probability})
}
