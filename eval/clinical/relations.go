package clinical

import (
	"strings"

	"chartlake/record"
)

// Relation is what a text says beside a mention and of it: the strength of a drug, the reaction to
// an allergen, the place of a finding. Type is the name of the attribute of the record.
type Relation struct {
	Of    string `json:"of"` // words of the mention
	Type  string `json:"type"`
	Value string `json:"value"` // words of the attribute
}

// relations are scores by type.
type relations map[string]*Mentions

// relationTypes are the attributes that relate a mention to other words; what is a result is
// scored as one.
var relationTypes = map[string]bool{"strength": true, "form": true, "route": true, "frequency": true, "duration": true, "reason": true,
	"reaction": true, "body_site": true, "laterality": true, "severity": true}

// text scores the relations of a text, each gold one used once. A mention is the one meant whose
// words hold those of the gold one or lie within them.
func (r relations) text(gold []Relation, got []record.Entity) (wrong []string) {
	used, touched := make([]bool, len(gold)), make([]bool, len(gold))
	for _, e := range got {
		for _, name := range sorted(e.Attributes) {
			if !relationTypes[name] {
				continue
			}
			v := e.Attributes[name]
			s := r.of(name)
			strict, overlap := false, false
			for i, g := range gold {
				if g.Type != name || !within(g.Of, e.Text) {
					continue
				}
				if !used[i] && strings.EqualFold(g.Value, v) {
					used[i], strict = true, true
				}
				if !touched[i] && within(g.Value, v) {
					touched[i], overlap = true, true
				}
			}
			s.Strict.add(strict, true)
			s.Overlap.add(overlap, true)
			if !strict {
				wrong = append(wrong, "invented "+e.Text+" "+name+"="+v)
			}
		}
	}
	for i, g := range gold {
		s := r.of(g.Type)
		if !used[i] {
			s.Strict.FN++
			wrong = append(wrong, "missed "+g.Of+" "+g.Type+"="+g.Value)
		}
		if !touched[i] {
			s.Overlap.FN++
		}
	}
	return wrong
}

func (r relations) of(name string) *Mentions {
	if r[name] == nil {
		r[name] = &Mentions{Type: name}
	}
	return r[name]
}

// within reports that the words of one text lie in the other.
func within(a, b string) bool {
	a, b = " "+strings.ToLower(a)+" ", " "+strings.ToLower(b)+" "
	return strings.Contains(a, b) || strings.Contains(b, a)
}
