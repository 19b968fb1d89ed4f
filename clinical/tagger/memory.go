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
	running := t.Begin(register)
	for n, words := range sentences {
		out[n] = running.Next(words)
	}
	return out
}

// Running is a text that is tagged sentence by sentence.
type Running struct {
	tagger   *Tagger
	register Register
	known    map[string]defined
	sentence int
}

// Begin begins a text.
func (t *Tagger) Begin(register Register) *Running {
	return &Running{tagger: t, register: register, known: map[string]defined{}}
}

// Next finds the mentions of the next sentence. words is not kept.
func (r *Running) Next(words []Word) []Mention {
	known, n := r.known, r.sentence
	r.sentence++
	found := r.tagger.Tag(words, r.register)
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
		// a disease or a drug that the long form ends with tells what the whole is: "ritodrine-induced [hemolytic anemia] (RIHA)"
		for _, m := range found {
			if m.Last == at-1 && (m.First >= from-1 && m.First <= from+1 || m.Type < Test) {
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
	return found
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
