package deid

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"chartlake/clinical/phi"
)

//go:embed data/develop.txt
var developData string

//go:embed data/apart.txt
var apartData string

//go:embed data/filler.txt
var fillerData string

// Gold is an identifier of a note, in characters (runes).
type Gold struct {
	Begin, End int
	Kind       phi.Kind
	Form       string // how it is written: "date:us"
}

// Note is one text with all of its identifiers.
type Note struct {
	Text string
	Gold []Gold
}

// lines gives the lines of a data file without comments.
func lines(data string) (out []string) {
	for _, l := range strings.Split(data, "\n") {
		if l != "" && !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return out
}

// shares of a note: how many lines have identifiers, and how many have none.
const (
	identified = 14
	plain      = 8
)

// Notes writes n notes of one part.
func Notes(seed uint64, n int, apart bool) []Note {
	part, stream := developData, uint64(1)
	if apart {
		part, stream = apartData, 2
	}
	w := &writer{Rand: rand.New(rand.NewPCG(seed, stream)), apart: apart}
	templates, filler := lines(part), lines(fillerData)
	var order []int // every template is used as often as any other
	out := make([]Note, n)
	for i := range out {
		var chosen []string
		for range identified {
			if len(order) == 0 {
				order = w.Perm(len(templates))
			}
			chosen = append(chosen, templates[order[0]])
			order = order[1:]
		}
		for range plain {
			chosen = append(chosen, filler[w.IntN(len(filler))])
		}
		w.Shuffle(len(chosen), func(a, b int) { chosen[a], chosen[b] = chosen[b], chosen[a] })
		out[i] = w.note(chosen)
	}
	return out
}

// writer writes notes.
type writer struct {
	*rand.Rand
	apart bool
}

// note fills the slots of lines; sentences may go on in one paragraph.
func (w *writer) note(chosen []string) Note {
	var n Note
	var b strings.Builder
	at := 0
	put := func(s string) { b.WriteString(s); at += utf8.RuneCountInString(s) }
	for i, line := range chosen {
		if i > 0 {
			if strings.HasSuffix(chosen[i-1], ".") && strings.HasSuffix(line, ".") && w.IntN(2) == 0 {
				put(" ")
			} else {
				put("\n")
			}
		}
		for line != "" {
			before, rest, ok := strings.Cut(line, "{")
			put(before)
			if !ok {
				break
			}
			var slot string
			slot, line, _ = strings.Cut(rest, "}")
			kind, form, _ := strings.Cut(slot, ":")
			begin := at
			put(w.value(kind, form))
			n.Gold = append(n.Gold, Gold{begin, at, phi.Kind(kind), slot})
		}
	}
	n.Text = b.String()
	return n
}

// value invents an identifier; a slot that no template may have is a mistake of ours.
func (w *writer) value(kind, form string) string {
	var v string
	switch phi.Kind(kind) {
	case phi.Name:
		v = w.name(form)
	case phi.Location:
		v = w.location(form)
	case phi.Date:
		v = w.date(form)
	case phi.Age:
		v = w.age(form)
	default:
		v = w.number(kind, form)
	}
	if v == "" {
		panic(fmt.Sprintf("no value for %s:%s", kind, form))
	}
	return v
}

// of picks one.
func of[T any](w *writer, list ...T) T { return list[w.IntN(len(list))] }
