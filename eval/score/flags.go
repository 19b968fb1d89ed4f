package score

import (
	"chartlake/eval/expected"
	"chartlake/record"
)

// allFlags gives the flags of every segment.
func (c *comparison) allFlags() []record.Flag {
	var list []record.Flag
	for _, s := range c.got.Segments {
		list = append(list, s.Flags...)
	}
	return list
}

// flags scores what a careful human would raise, and the checks that must stay silent.
func (c *comparison) flags() {
	raised := c.allFlags()
	wanted := map[string]bool{}
	for _, w := range c.want.Flags {
		for _, code := range w.Code {
			wanted[code] = true
		}
		found, touches := false, false
		for _, g := range raised {
			if w.Code.Has(g.Code) {
				found = true
				touches = touches || c.touches(w, g)
			}
		}
		c.r.Flags.count(found)
		if !found && len(w.Code) > 0 {
			c.miss("flag:"+w.Code[0], w.Code[0], "")
		}
		if len(w.Fields) > 0 {
			c.r.FlagEvidence.count(touches)
		}
	}
	for code, allowed := range c.want.Checks {
		silent := true
		for _, g := range raised {
			silent = silent && g.Code != code
		}
		c.r.Checks.count(silent || allowed)
		if !silent && !allowed {
			c.miss("check:"+code, "silent", "raised")
		}
	}
	for _, g := range raised {
		if !wanted[g.Code] && g.Severity != record.SeverityInfo {
			if c.r.FlagsExtra == nil {
				c.r.FlagsExtra = map[string]int{}
			}
			c.r.FlagsExtra[g.Code]++
		}
	}
}

// touches reports whether a flag's evidence lies on one of the fields that it is about:
// where the expected result has a place for one, or where the record has such a field.
func (c *comparison) touches(w expected.Flag, g record.Flag) bool {
	for _, at := range c.placesOf(w.Fields) {
		for _, ev := range g.Evidence {
			if ev.Page == at.Page && !ev.Box.Intersect(at.Box).Empty() {
				return true
			}
		}
	}
	return false
}

// placesOf gives the places of fields and cells by their names.
func (c *comparison) placesOf(names []string) []expected.Place {
	is := map[string]bool{}
	for _, n := range names {
		is[n] = true
	}
	var places []expected.Place
	for key, at := range c.want.Boxes {
		if is[cellName(key)] || is[baseName(key)] {
			places = append(places, at)
		}
	}
	for i := range c.got.Segments {
		s := &c.got.Segments[i]
		for _, f := range s.Fields {
			if is[baseName(f.Name)] {
				places = append(places, expected.Place{Page: f.Page, Box: f.Box})
			}
		}
		for _, row := range s.Lines {
			for name, f := range row {
				if is[baseName(name)] {
					places = append(places, expected.Place{Page: f.Page, Box: f.Box})
				}
			}
		}
	}
	return places
}

// cellName is the cell of a place key "lines[3].value", "" for other keys.
func cellName(key string) string {
	const prefix = "lines."
	if base := baseName(key); len(base) > len(prefix) && base[:len(prefix)] == prefix {
		return base[len(prefix):]
	}
	return ""
}
