package fhirmap

import (
	"strings"

	"chartlake/record"
)

// field gives the first accepted field of one of these names with a value; nil where there is none.
func (s *segment) field(names ...string) *record.Field {
	for _, name := range names {
		for i := range s.Fields {
			f := &s.Fields[i]
			if f.Name == name && usable(f) {
				return f
			}
		}
	}
	return nil
}

// fields gives all accepted fields of a name, with list names ("allergies[]") and
// numbered repeats ("diagnosis.secondary[2]") of it.
func (s *segment) fields(name string) []*record.Field {
	var out []*record.Field
	for i := range s.Fields {
		f := &s.Fields[i]
		base, _, _ := strings.Cut(f.Name, "[")
		if base == name && usable(f) {
			out = append(out, f)
		}
	}
	return out
}

func usable(f *record.Field) bool {
	return f.State == record.Accepted && f.Value != nil && strings.TrimSpace(*f.Value) != ""
}

// value is the text of a field that field or fields gave; "" for nil.
func value(f *record.Field) string {
	if f == nil {
		return ""
	}
	return strings.TrimSpace(*f.Value)
}

// raw is the printed form, or the value where a person typed it.
func raw(f *record.Field) string {
	if f == nil {
		return ""
	}
	if f.Raw == "" || f.Human != nil {
		return value(f)
	}
	return f.Raw
}

// fact makes the evidence of an element from the field that it was read from.
func (s *segment) fact(path string, f *record.Field) fact {
	ev := fact{path: path, page: f.Page, box: f.Box, begin: f.Begin, end: f.End, quote: f.Raw,
		confidence: f.Confidence, stage: s.in.Record.Versions["form"]}
	if f.Rule != "" {
		ev.stage = strings.TrimSpace(ev.stage + " " + f.Rule)
	}
	if f.Human != nil {
		ev.who = f.Human.Who
	}
	return ev
}

// facts is the evidence of several elements: path, field, path, field …; nil fields are left out.
func (s *segment) facts(pairs ...any) []fact {
	var out []fact
	for i := 0; i < len(pairs); i += 2 {
		if f, _ := pairs[i+1].(*record.Field); f != nil {
			out = append(out, s.fact(pairs[i].(string), f))
		}
	}
	return out
}

// entityFact makes the evidence of an element from a clinical mention.
func (s *segment) entityFact(path string, e *record.Entity) fact {
	ev := fact{path: path, page: e.Page, begin: e.Begin, end: e.End, quote: e.Text,
		confidence: e.Confidence, stage: s.in.Record.Versions["clinical"]}
	if e.Box != nil {
		ev.box = *e.Box
	}
	if e.Cue != nil {
		ev.cue = e.Cue.Text
	}
	if e.Human != nil {
		ev.who = e.Human.Who
	}
	return ev
}
