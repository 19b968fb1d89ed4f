package main

import (
	"strings"
)

// tree is the hierarchy of ICD-10-CM: a code's parent is the longest code that it begins with. The
// order file lists parents first.
type tree struct {
	titles   map[string]title
	children map[string][]title
}

func newTree(icd []title) *tree {
	t := &tree{map[string]title{}, map[string][]title{}}
	for _, c := range icd {
		t.titles[c.code] = c
		for n := len(c.code) - 1; n >= 3; n-- {
			if up := strings.TrimSuffix(c.code[:n], "."); t.titles[up].code != "" {
				t.children[up] = append(t.children[up], c)
				break
			}
		}
	}
	return t
}

// leaf gives the billable code for what is said without more detail: of the children the one
// that says "unspecified", else the only one, that of the initial encounter, the one "without" what
// the others have, or "Other" of the same; the code itself where there is none.
func (t *tree) leaf(code string) string {
	for !t.titles[code].billable {
		next := t.plainest(code)
		if next == "" {
			return code
		}
		code = next
	}
	return code
}

func (t *tree) plainest(code string) string {
	children := t.children[code]
	if len(children) == 1 {
		return children[0].code
	}
	own := strings.ToLower(t.titles[code].title)
	for _, fits := range []func(title string) bool{
		func(s string) bool { return strings.Contains(s, ", initial encounter") },
		func(s string) bool {
			return strings.Contains(s, "unspecified") && !strings.HasPrefix(s, "other") && !sided(s)
		},
		func(s string) bool { return strings.HasPrefix(s, own) && strings.Contains(s, "without") },
		func(s string) bool { return strings.Contains(s, "without") && !strings.Contains(own, "without") },
		func(s string) bool { return s == "other "+own },
	} {
		best, words := "", 0
		for _, c := range children {
			title := strings.ToLower(c.title)
			n := len(strings.Fields(title))
			if adds(title, own) {
				n += 1000 // only where every child says more
			}
			if fits(title) && (best == "" || n < words) {
				best, words = c.code, n
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}

// adds reports a title, in lower case, that states what the one above it does not: "with hypoxia",
// "intractable", "recurrent", "bilateral". What is only not specified it does not state.
func adds(title, above string) bool {
	for _, less := range []string{"whether with", "not intractable", "not specified as recurrent", "without"} {
		title = strings.ReplaceAll(title, less, "")
	}
	for _, more := range []string{" with ", "intractable", "recurrent", "bilateral", "obstructed", "exacerbation", "complicated"} {
		if strings.Contains(title, more) && !strings.Contains(above, strings.TrimSpace(more)) {
			return true
		}
	}
	return false
}

// eitherSide gives a code above one that names a side: a name without a side cannot have it.
func (t *tree) eitherSide(code string) string {
	if len(code) > 4 && sided(strings.ToLower(t.titles[code].title)) {
		return strings.TrimSuffix(code[:len(code)-1], ".")
	}
	return code
}

// sided reports a title, in lower case, that names a side of the body.
func sided(title string) bool {
	for _, w := range strings.FieldsFunc(title, func(r rune) bool { return r == ' ' || r == ',' }) {
		if w == "left" || w == "right" || w == "bilateral" {
			return true
		}
	}
	return false
}
