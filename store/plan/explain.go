package plan

import (
	"fmt"
	"strings"
)

// say adds a line to the plan.
func (p *Planner) say(line string) { p.Plan = append(p.Plan, line) }

// note tells which condition drives and which test: parameters' names and the sizes of their
// sets, never a value.
func (p *Planner) note(where string, list []cond, driver int) {
	var tests []string
	first := "every resource of the type"
	for i, c := range list {
		size := fmt.Sprintf("%d", c.size)
		switch {
		case c.set.Text == "":
			size = "no set"
		case c.size >= countLimit:
			size = fmt.Sprintf("%d or more", countLimit)
		}
		text := c.what + " (" + size + ")"
		if i == driver {
			first = text
		} else {
			tests = append(tests, text)
		}
	}
	line := where + ": from " + first
	if len(tests) > 0 {
		line += ", tested by " + strings.Join(tests, ", ")
	}
	p.say(line)
}
