package fhirpath

import (
	"testing"

	"chartlake/fhir/definition"
)

func TestEverySearchParameterCompiles(t *testing.T) {
	t.Parallel()
	n := 0
	for _, p := range definition.R4().AllSearchParameters() {
		sources := []string{p.Expression}
		for _, c := range p.Components {
			sources = append(sources, c.Expression)
		}
		for _, s := range sources {
			if s == "" {
				continue
			}
			n++
			if _, err := Compile(s); err != nil {
				t.Errorf("%s: %s: %v", p.ID, s, err)
			}
		}
	}
	if n < 1400 {
		t.Errorf("only %d expressions", n)
	}
}
