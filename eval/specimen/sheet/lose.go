package sheet

import (
	"fmt"
	"strings"

	"chartlake/eval/expected"
)

// Counts reports whether the sheets say how many they are.
func (d *Draft) Counts() bool { return d.counts }

// Lose takes a sheet away after Finish, as a feeder that pulls two at once does: what stood
// on it is no longer expected, and the sheets behind it move up.
func (d *Draft) Lose(number int) {
	e := &d.Expected
	kept := map[string]expected.Place{}
	for name, at := range e.Boxes {
		if at.Page != number {
			kept[name] = after(at, number)
		}
	}
	d.loseParts(kept)
	d.loseRows(kept)
	var entities []expected.Entity
	for _, en := range e.Entities {
		if en.Box != nil && en.Box.Page == number {
			continue
		}
		at := after(*en.Box, number)
		en.Box = &at
		entities = append(entities, en)
	}
	e.Entities = entities
	d.Sheets = append(d.Sheets[:number-1:number-1], d.Sheets[number:]...)
}

// after is a place once the sheet of this number is gone.
func after(at expected.Place, number int) expected.Place {
	if at.Page > number {
		at.Page--
	}
	return at
}

// loseParts leaves out values of fields that have no place any more.
func (d *Draft) loseParts(places map[string]expected.Place) {
	e := &d.Expected
	for name, v := range e.Fields {
		var parts []string
		var at []expected.Place
		for i, part := range v.Parts {
			key := expected.PartName(name, i)
			if p, ok := places[key]; ok {
				parts, at = append(parts, part), append(at, p)
			}
			delete(places, key)
		}
		delete(e.Fields, name)
		if len(parts) > 0 {
			e.Fields[name] = expected.List(parts...)
		}
		for i, p := range at {
			places[expected.PartName(name, i)] = p
		}
	}
}

// loseRows leaves out rows of which no cell has a place any more, and numbers the others anew.
func (d *Draft) loseRows(places map[string]expected.Place) {
	e := &d.Expected
	e.Boxes = map[string]expected.Place{}
	for name, at := range places {
		if !strings.HasPrefix(name, "lines[") {
			e.Boxes[name] = at
		}
	}
	var lines []map[string]expected.Value
	for i, row := range e.Lines {
		left := map[string]expected.Value{}
		for cell, v := range row {
			if at, ok := places[fmt.Sprintf("lines[%d].%s", i, cell)]; ok {
				left[cell] = v
				e.Boxes[fmt.Sprintf("lines[%d].%s", len(lines), cell)] = at
			}
		}
		if len(left) > 0 {
			lines = append(lines, left)
		}
	}
	e.Lines = lines
}
