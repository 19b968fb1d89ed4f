package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"chartlake/store"
)

// sortsOf are sorts by every kind of value, alone and together, in both directions.
var sortsOf = map[string][]string{
	"Observation": {"", "date", "-date", "value-quantity", "-value-quantity", "code", "-code", "subject", "-subject", "_id", "-_id", "_lastUpdated", "-_lastUpdated",
		"value-string", "-date,code", "code,-value-quantity,date", "status,-_id", "-value-string,subject,-date", "_lastUpdated,-code"},
	"RiskAssessment": {"probability", "-probability,date"},
	"Encounter":      {"location-period", "-location-period", "-location-period,length"},
	"Patient":        {"family", "-family,birthdate", "identifier", "-name"},
	"ValueSet":       {"url", "-url,-date"},
}

// testPagingUnderWrites reads pages while resources come, go and change: each that stays as it
// is comes exactly once, whatever it is sorted by.
func testPagingUnderWrites(t *testing.T, open Open) {
	s := open(t)
	const n = 32
	for typ, sorts := range sortsOf {
		g := &maker{Rand: rand.New(rand.NewPCG(1, 1)), count: map[string]int{"Patient": 5}}
		var batch []store.Command
		for i := range n {
			batch = append(batch, store.Update{Resource: g.make(typ, fmt.Sprintf("stays%d", i)).node(t)}, store.Update{Resource: g.make(typ, fmt.Sprintf("goes%d", i)).node(t)})
		}
		do(t, s, batch...)
		gone, came := 0, 0
		for _, sort := range sorts {
			q := typ + "?_count=13"
			if sort != "" {
				q += "&_sort=" + sort
			}
			var away []store.Command
			once(t, s, q, n, func() {
				var batch []store.Command
				for range 2 {
					came++
					r := g.make(typ, fmt.Sprintf("comes%d", came))
					batch, away = append(batch, store.Update{Resource: r.node(t)}), append(away, store.Delete{Key: store.Key{Type: typ, ID: r.id}})
				}
				goes := store.Key{Type: typ, ID: fmt.Sprintf("goes%d", gone%n)}
				if gone++; gone%2 == 0 {
					batch = append(batch, store.Delete{Key: goes})
				} else { // it moves within the order
					batch = append(batch, store.Update{Resource: g.make(typ, goes.ID).node(t)})
				}
				do(t, s, batch...)
			})
			do(t, s, away...)
		}
	}
}

// once reads all pages, with writes between them, and expects each of the n resources that
// stay once.
func once(t *testing.T, s store.Store, q string, n int, write func()) {
	t.Helper()
	seen := map[string]int{}
	parsed := query(t, q)
	for pages := 0; ; pages++ {
		page, err := askedFor(s, anna, parsed)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		for _, m := range page.Matches {
			if strings.HasPrefix(m.Key.ID, "stays") {
				seen[m.Key.ID]++
			}
		}
		if page.Next == "" {
			break
		}
		if pages > 200 {
			t.Fatalf("%s: pages without end", q)
		}
		parsed.Cursor = page.Next
		write()
	}
	for i := range n {
		if id := fmt.Sprintf("stays%d", i); seen[id] != 1 {
			t.Errorf("%s: %s came %d times", q, id, seen[id])
		}
	}
}

// testPagingAcrossPlans lets the set that a query starts from become small, and large, between
// two pages: large ones are walked along, small ones gathered and sorted.
func testPagingAcrossPlans(t *testing.T, open Open) {
	s := open(t)
	const stay, swing = 1_970, 60
	observation := func(id, status string, i int) store.Command {
		return store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"%s%d","status":%q,"effectiveDateTime":"20%02d-01-%02d"}`, id, i, status, i%40, i%28+1)}
	}
	var batch []store.Command
	for i := range stay {
		batch = append(batch, observation("stays", "final", i))
	}
	do(t, s, batch...)
	swinging := func(status string) {
		var batch []store.Command
		for i := range swing {
			batch = append(batch, observation("swings", status, i))
		}
		do(t, s, batch...)
	}
	// _lastUpdated of what swings changes, but not of what stays.
	for sort, status := range map[string]string{"": "final", "date": "final", "-date": "amended", "_lastUpdated": "amended", "-_lastUpdated": "final"} {
		swinging(status)
		q := "Observation?status=final&_count=700"
		if sort != "" {
			q += "&_sort=" + sort
		}
		once(t, s, q, stay, func() {
			status = map[string]string{"final": "amended", "amended": "final"}[status]
			swinging(status)
		})
	}
}
