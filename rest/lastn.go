package rest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

const (
	// maxLast is the largest max of $lastn.
	maxLast = 1_000
	// maxLastScan is how many observations one $lastn looks through.
	maxLastScan = 10_000
)

// lastn is Observation/$lastn: the newest observations of each code, by the search parameters
// of Observation. Codes that share a coding are one; what has no coding goes by its text. What
// was entered in error is left out unless the client asks for a status.
// Source: http://hl7.org/fhir/R4/observation-operation-lastn.html.
func (s *server) lastn(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, "Observation")
	if err != nil {
		return nil, err
	}
	q, most, err := s.lastnQuery(c)
	if err != nil {
		return nil, err
	}
	if err := s.narrow(c, q); err != nil {
		return nil, err
	}
	groups := &lastGroups{most: most, of: map[string]int{}}
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		for seen := 0; ; {
			page, err := v.Search(q)
			if err != nil {
				return err
			}
			for i := range page.Matches {
				groups.add(&page.Matches[i])
			}
			if seen += len(page.Matches); page.Next == "" {
				return nil
			}
			if seen >= maxLastScan {
				return fault.New(fault.TooLarge, "too_many_observations", "more than %d observations fit; ask for fewer, by date or code", maxLastScan)
			}
			q.Cursor = page.Next
		}
	})
	if err != nil {
		return nil, err
	}
	page := &store.SearchPage{Matches: slices.Concat(groups.list...)}
	total := len(page.Matches)
	page.Total = &total
	shown := *q
	shown.Used = c.query
	return &reply{status: http.StatusOK, content: content{s.searchset("Observation/$lastn", &shown, page, "")}}, nil
}

// lastnQuery reads the parameters: those of a search, without any that order or page it.
func (s *server) lastnQuery(c *call) (q *search.Query, most int, err error) {
	given, err := c.inputs()
	if err != nil {
		return nil, 0, err
	}
	most = 1
	var pairs []search.Pair
	subject, kind, status := false, false, false
	for _, p := range given {
		name, _, _ := strings.Cut(p.Name, ":")
		name, _, _ = strings.Cut(name, ".")
		switch name {
		case "max":
			if most, err = strconv.Atoi(p.Value); err != nil || most < 1 || most > maxLast {
				return nil, 0, fault.New(fault.Invalid, "bad_value", "max is a number from 1 to %d", maxLast)
			}
			continue
		case "_sort", "_count", "_cursor", "_total", "_include", "_revinclude":
			return nil, 0, fault.New(fault.Invalid, "parameter_unsupported", "$lastn does not take %s", name)
		case "_summary":
			if p.Value == "count" {
				return nil, 0, fault.New(fault.Invalid, "parameter_unsupported", "$lastn does not count")
			}
		case "patient", "subject":
			subject = true
		case "category", "code", "combo-code", "component-code", "code-value-quantity", "code-value-concept", "code-value-string", "code-value-date":
			kind = true
		case "status":
			status = true
		}
		pairs = append(pairs, p)
	}
	if !subject || !kind {
		return nil, 0, fault.New(fault.Invalid, "no_criteria", "$lastn needs a patient or subject, and a category or code")
	}
	if !status {
		pairs = append(pairs, search.Pair{Name: "status:not", Value: "entered-in-error"})
	}
	pairs = append(pairs, search.Pair{Name: "_sort", Value: "-date"}, search.Pair{Name: "_count", Value: "1000"})
	q, err = search.Parse("Observation", pairs, s.options(c))
	return q, most, err
}

// lastGroups collects observations that come newest first.
type lastGroups struct {
	most int
	of   map[string]int // coding or text to its group
	list [][]store.Version
}

func (g *lastGroups) add(v *store.Version) {
	keys := conceptKeys(v.Resource.Get("code"))
	at := -1
	for _, k := range keys {
		if i, known := g.of[k]; known {
			at = i
			break
		}
	}
	if at < 0 {
		at, g.list = len(g.list), append(g.list, nil)
	}
	for _, k := range keys {
		if _, known := g.of[k]; !known {
			g.of[k] = at
		}
	}
	if len(g.list[at]) < g.most {
		g.list[at] = append(g.list[at], *v)
	}
}

// conceptKeys are what a concept is recognised by.
func conceptKeys(concept *fhir.Node) (keys []string) {
	for _, c := range concept.Get("coding").Items() {
		if code := c.Str("code"); code != "" {
			keys = append(keys, c.Str("system")+"|"+code)
		}
	}
	if len(keys) == 0 {
		keys = append(keys, "\x00"+concept.Str("text"))
	}
	return keys
}
