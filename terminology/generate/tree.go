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
	fits := []func(title string) bool{
		func(s string) bool { return strings.Contains(s, ", initial encounter") },
		func(s string) bool {
			return strings.Contains(s, "unspecified") && !strings.HasPrefix(s, "other") && !sided(s)
		},
		func(s string) bool { return strings.HasPrefix(s, own) && strings.Contains(s, "without") },
		func(s string) bool { return strings.Contains(s, "without") && !strings.Contains(own, "without") },
		func(s string) bool { return s == "other "+own },
	}
	for _, more := range []bool{false, true} { // what says more only where every child does
		for _, fit := range fits {
			best, least := "", 0
			for _, c := range children {
				title := strings.ToLower(c.title)
				n := len(strings.Fields(title)) - 100*strings.Count(title, "unspecified") // the vaguest, then the shortest
				if fit(title) && (more || !adds(title, own)) && (best == "" || n < least) {
					best, least = c.code, n
				}
			}
			if best != "" {
				return best
			}
		}
	}
	return ""
}

// adds reports a title, in lower case, that states what the one above it does not: "with hypoxia",
// "intractable", "recurrent", "bilateral". What is only not specified it does not state.
func adds(title, above string) bool {
	for _, less := range []string{"whether with", "not intractable", "not specified as recurrent", "not having achieved remission", "without",
		"partial versus complete"} {
		title = strings.ReplaceAll(title, less, "")
	}
	for _, more := range []string{" with ", "intractable", "recurrent", "bilateral", "obstructed", "exacerbation", "remission", "relapse",
		"partial", "complete", "unstageable", "early onset", "late onset", "congenital"} {
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
