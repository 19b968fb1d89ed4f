// Package paper prints the facts of the plainer documents (fiction.Paper) by designs that are
// data: a title, labelled values, tables and headed texts in the order in which they stand,
// and a look that says where labels stand and in which type.
//
// A design is lines of text. `look NAME` chooses the look; `title WORDS`; `issuer FIELD` prints
// a value in large type; `line FIELD` one without a label; `f FIELD LABEL` a labelled value;
// `table CELL=HEAD*WEIGHT; …` the rows of the block; `text NAME HEAD` a headed text; `say` the
// sentences of the kind; `words WORDS` fixed words; `blocks` and `end` enclose what is repeated
// for each block; `claim` draws the institutional claim form. What the facts lack is left out.
package paper

import (
	"fmt"
	"strconv"
	"strings"

	"chartlake/eval/specimen/sheet"
)

// Design is one layout of a kind.
type Design struct {
	Kind, Name string
	Look       string
	steps      []step
}

type step struct {
	verb, name, words string
	columns           []column
}

type column struct {
	cell, head string
	weight     float64
}

// Look is how a design is printed.
type Look struct {
	Place  string // of labels: colon, boxed, ruled, leader, right
	Rules  string // of tables: ruled, half, none
	Family func() *sheet.Family
	Size   float64
	Names  string // of people: first or last
	Days   string // time layout
	Tels   int    // way of package fiction
	Dollar bool
	Caps   bool // heads of texts in capitals on a line of their own; else before the text
	Shift  float64
}

// Parse reads designs; each begins with a line "[KIND NAME]". The text is the program's own
// and one that does not parse is a programming mistake and panics.
func Parse(text string) []Design {
	var all []Design
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			kind, name, _ := strings.Cut(strings.Trim(line, "[]"), " ")
			all = append(all, Design{Kind: kind, Name: name})
			continue
		}
		d := &all[len(all)-1]
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "look":
			d.Look = rest
		case "f", "text":
			name, words, _ := strings.Cut(rest, " ")
			d.steps = append(d.steps, step{verb: verb, name: name, words: words})
		case "issuer", "line":
			d.steps = append(d.steps, step{verb: verb, name: rest})
		case "table":
			d.steps = append(d.steps, step{verb: verb, name: rest, columns: columns(rest)})
		case "title", "words", "say", "blocks", "end", "claim":
			d.steps = append(d.steps, step{verb: verb, words: rest})
		default:
			panic(fmt.Sprintf("paper: line %d: unknown word %q", n+1, verb))
		}
	}
	return all
}

func columns(text string) []column {
	var out []column
	for _, part := range strings.Split(text, ";") {
		cell, head, _ := strings.Cut(strings.TrimSpace(part), "=")
		head, weight, found := strings.Cut(head, "*")
		w := 1.0
		if v, err := strconv.ParseFloat(weight, 64); found && err == nil {
			w = v
		}
		out = append(out, column{cell, head, w})
	}
	return out
}

// Of gives the designs of a kind.
func Of(all []Design, kind string) []Design {
	var out []Design
	for _, d := range all {
		if d.Kind == kind {
			out = append(out, d)
		}
	}
	return out
}

// Variant gives the design with, of words divided by " ~ ", those of number i.
func (g Design) Variant(i int, name, look string) Design {
	out := Design{Kind: g.Kind, Name: name, Look: look}
	for _, st := range g.steps {
		if words := strings.Split(st.words, " ~ "); len(words) > 1 {
			st.words = words[i%len(words)]
		}
		if tables := strings.Split(st.name, " ~ "); st.verb == "table" {
			st.columns = columns(tables[i%len(tables)])
		}
		out.steps = append(out.steps, st)
	}
	return out
}
