package clinical

import (
	"strings"

	"chartlake/record"
	"chartlake/value"
)

// TestResult is a gold result of a test or a vital sign: what a text says that was measured.
// Value holds the comparator ("<0.01"); with words only ("elevated") it is empty and Flag is not.
type TestResult struct {
	Test  string `json:"test"`
	Value string `json:"value"`
	Unit  string `json:"unit"`
	Range string `json:"range"`
	Flag  string `json:"flag"`
}

// Results are the scores of results. A triple is right when the name of the test, its value
// with the comparator, and its unit are; ranges and flags are counted on right triples.
type Results struct {
	Triple Score `json:"triple"`
	Range  Share `json:"range"`
	Flag   Share `json:"flag"`
}

// text scores the results of a text that are said of its patient.
func (r *Results) text(gold []TestResult, got []record.Entity) (wrong []string) {
	used := make([]bool, len(gold))
next:
	for _, e := range got {
		if e.Type != record.Test || e.Negated || e.Hypothetical || e.Experiencer != "patient" || e.Attributes["value"] == "" && e.Attributes["flag"] == "" {
			continue
		}
		for i, g := range gold {
			if !used[i] && g.is(e) {
				used[i] = true
				r.Triple.TP++
				interval, flag := r.Range.count(g.Range, e.Attributes["range"]), r.Flag.count(g.Flag, e.Attributes["flag"])
				if !interval || !flag {
					wrong = append(wrong, "read "+e.Text+" with "+e.Attributes["range"]+" "+e.Attributes["flag"])
				}
				continue next
			}
		}
		r.Triple.FP++
		wrong = append(wrong, "invented "+e.Text+" "+e.Attributes["comparator"]+e.Attributes["value"]+" "+e.Attributes["unit"]+" "+e.Attributes["flag"])
	}
	for i, g := range gold {
		if !used[i] {
			r.Triple.FN++
			wrong = append(wrong, "missed "+g.Test+" "+g.Value+" "+g.Unit+" "+g.Flag)
		}
	}
	return wrong
}

// count counts what is written beside a value, where anything is, and tells whether it is right.
func (s *Share) count(want, got string) bool {
	if want == "" && got == "" {
		return true
	}
	s.Of++
	same := strings.EqualFold(unspaced(want), unspaced(got))
	if same {
		s.N++
	}
	return same
}

// is reports the same triple. Units are the same when they are printed so or are one in UCUM.
func (g TestResult) is(e record.Entity) bool {
	if !strings.EqualFold(unspaced(g.Test), unspaced(e.Text)) || unspaced(g.Value) != unspaced(e.Attributes["comparator"]+e.Attributes["value"]) {
		return false
	}
	if g.Value == "" {
		return strings.EqualFold(g.Flag, e.Attributes["flag"])
	}
	unit := e.Attributes["unit"]
	if unspaced(g.Unit) == unspaced(unit) {
		return true
	}
	a, okA := value.ParseUnit(g.Unit)
	b, okB := value.ParseUnit(unit)
	return okA && okB && a == b
}

func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }
