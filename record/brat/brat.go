// Package brat writes clinical mentions as brat standoff (.ann, brat 1.3): a T line for each
// mention, A lines for what is asserted of it, and a # line with its best code. Offsets
// count characters. A mention that runs over the end of a line is written in parts, as brat
// wants it.
package brat

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"chartlake/record"
)

// Write writes the mentions of a text.
func Write(w io.Writer, text string, entities []record.Entity) error {
	b := bufio.NewWriter(w)
	runes := []rune(text)
	marks := 0
	for n, e := range entities {
		if e.Begin < 0 || e.End > len(runes) || e.Begin >= e.End {
			continue
		}
		id := n + 1
		spans, words := pieces(runes, e.Begin, e.End)
		fmt.Fprintf(b, "T%d\t%s %s\t%s\n", id, e.Type, spans, words)
		for _, a := range []struct {
			is   bool
			name string
		}{{e.Negated, "Negated"}, {e.Uncertain, "Uncertain"}, {e.Hypothetical, "Hypothetical"}, {e.Historical, "Historical"}} {
			if a.is {
				marks++
				fmt.Fprintf(b, "A%d\t%s T%d\n", marks, a.name, id)
			}
		}
		if e.Experiencer != "" && e.Experiencer != "patient" {
			marks++
			fmt.Fprintf(b, "A%d\tExperiencer T%d %s\n", marks, id, e.Experiencer)
		}
		if len(e.Codes) > 0 {
			c := e.Codes[0]
			fmt.Fprintf(b, "#%d\tAnnotatorNotes T%d\t%s %s %s\n", id, id, c.System, c.Code, c.Display)
		}
	}
	return b.Flush()
}

// pieces gives the offsets and the words of a span without its line ends.
func pieces(text []rune, begin, end int) (spans, words string) {
	var at, said []string
	first := begin
	for i := begin; i <= end; i++ {
		if i < end && text[i] != '\n' && text[i] != '\f' && text[i] != '\r' {
			continue
		}
		if i > first {
			at = append(at, fmt.Sprintf("%d %d", first, i))
			said = append(said, string(text[first:i]))
		}
		first = i + 1
	}
	return strings.Join(at, ";"), strings.Join(said, " ")
}
