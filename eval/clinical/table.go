package clinical

import (
	"fmt"
	"strings"
)

// Table is the report for people.
func (r *Report) Table() string {
	var b strings.Builder
	for i := range r.Sets {
		b.WriteString(r.Sets[i].table())
	}
	return b.String()
}

func (s *Result) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %d texts, %d characters\n", s.Name, s.Format, s.Texts, s.Characters)
	if s.Lost > 0 {
		fmt.Fprintf(&b, "  %d rows whose concept does not stand in their text\n", s.Lost)
	}
	for _, t := range s.Types {
		fmt.Fprintf(&b, "  %-16s strict  %s\n  %-16s overlap %s\n", t.Type, t.Strict, "", t.Overlap)
	}
	for _, a := range s.Assertion {
		fmt.Fprintf(&b, "  %-16s         %s\n", a.Property, a.Score)
	}
	if l := s.Leakage; l != nil {
		fmt.Fprintf(&b, "  leaked: %d of %d denied, %d of %d not the patient's, %d of %d hypothetical\n",
			l.NegatedActive.N, l.NegatedActive.Of, l.FamilyPatient.N, l.FamilyPatient.Of, l.HypotheticalActive.N, l.HypotheticalActive.Of)
	}
	if s.Sig != nil {
		fmt.Fprintf(&b, "  dose instructions exact: %d of %d\n", s.Sig.N, s.Sig.Of)
	}
	for _, t := range s.Relations {
		fmt.Fprintf(&b, "  related %-8s strict  %s\n", t.Type, t.Strict)
	}
	if r := s.Results; r != nil {
		fmt.Fprintf(&b, "  results: test, value and unit %s; range %d of %d, flag %d of %d\n", r.Triple, r.Range.N, r.Range.Of, r.Flag.N, r.Flag.Of)
	}
	if c := s.Codes; c != nil {
		fmt.Fprintf(&b, "  ICD-10-CM        code    %s\n  %-16s category %s\n", c.Code, "", c.Category)
		fmt.Fprintf(&b, "  %-16s one of the candidates of a mention: %d of %d codes\n", "", c.Among.N, c.Among.Of)
		c.Calibration.table(&b, "scores of codes")
	}
	s.Calibration.table(&b, "confidences of mentions")
	return b.String()
}

func (c *Calibration) table(b *strings.Builder, of string) {
	if c == nil {
		return
	}
	fmt.Fprintf(b, "  calibration error of the %s: %.3f\n", of, c.Error)
	for _, g := range c.Bins {
		fmt.Fprintf(b, "    said %.3f, were %.3f of %d\n", g.Said, g.Right, g.Of)
	}
}

func (s Score) String() string {
	return fmt.Sprintf("P %.3f  R %.3f  F1 %.3f  (%d right, %d invented, %d missed)", s.Precision, s.Recall, s.F1, s.TP, s.FP, s.FN)
}
