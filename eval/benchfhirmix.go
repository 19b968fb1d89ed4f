package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// query is one kind of query of the mix: a path for each request, with values that occur.
type query struct {
	name  string
	count bool // the answer is a total
	path  func(f *facts, r *rand.Rand) string
}

func one(list []string, r *rand.Rand) string {
	if len(list) == 0 {
		return "none"
	}
	return list[r.IntN(len(list))]
}

func code(f *facts, r *rand.Rand) string {
	return url.QueryEscape("http://loinc.org|" + one(f.codes, r))
}

// mix is what is asked, pages of 20. Codes are drawn as often as they occur, so common ones
// are asked for most.
var mix = []query{
	{"Patient by id", false, func(f *facts, r *rand.Rand) string { return "/Patient/" + one(f.patients, r) }},
	{"Observation by id", false, func(f *facts, r *rand.Rand) string { return "/Observation/" + one(f.observations, r) }},
	{"patient and code", false, func(f *facts, r *rand.Rand) string {
		return "/Observation?patient=" + one(f.patients, r) + "&code=" + code(f, r) + "&_count=20"
	}},
	{"category, date, _sort=-date", false, func(f *facts, r *rand.Rand) string {
		return fmt.Sprintf("/Observation?category=%s&date=ge%d&_sort=-date&_count=20", one([]string{"vital-signs", "laboratory"}, r), 1990+r.IntN(25))
	}},
	{"count of a code", true, func(f *facts, r *rand.Rand) string { return "/Observation?code=" + code(f, r) + "&_summary=count" }},
	{"chain to family, and code", false, func(f *facts, r *rand.Rand) string {
		return "/Observation?subject:Patient.family=" + url.QueryEscape(one(f.families, r)) + "&code=" + code(f, r) + "&_count=20"
	}},
	{"_has Observation of a code", false, func(f *facts, r *rand.Rand) string {
		return "/Patient?_has:Observation:patient:code=" + code(f, r) + "&_count=20"
	}},
	{"Observation of a code, _include", false, func(f *facts, r *rand.Rand) string {
		return "/Observation?code=" + code(f, r) + "&_include=Observation:subject&_count=20"
	}},
	{"Encounter, two _include", false, func(f *facts, r *rand.Rand) string {
		return "/Encounter?patient=" + one(f.patients, r) + "&_include=Encounter:patient&_include=Encounter:service-provider&_count=20"
	}},
	{"$everything, page of 100", false, func(f *facts, r *rand.Rand) string {
		return "/Patient/" + one(f.patients, r) + "/$everything?_count=100"
	}},
}

// seed makes every server get the same draws, as far as ids allow.
const seed = 20190501

// ask sends the requests of one kind. A tenth goes first to warm up and is not counted.
func (o FHIROptions) ask(ctx context.Context, t *target, q query, f *facts) (FHIRMix, error) {
	r := rand.New(rand.NewPCG(seed, uint64(len(q.name))))
	warm := max(1, o.Queries/10)
	paths := make([]string, warm+o.Queries)
	for i := range paths {
		paths[i] = q.path(f, r)
	}
	if _, err := o.parallel(ctx, warm, func(i int) error {
		_, _, err := t.get(ctx, paths[i])
		return err
	}); err != nil {
		return FHIRMix{}, err
	}
	statuses, bodies := make([]int, o.Queries), make([][]byte, o.Queries)
	before, began := t.cpu(), time.Now()
	took, err := o.parallel(ctx, o.Queries, func(i int) (err error) {
		statuses[i], bodies[i], err = t.get(ctx, paths[warm+i])
		return err
	})
	n := float64(o.Queries)
	result := FHIRMix{Query: q.name, Requests: o.Queries, Rate: n / time.Since(began).Seconds(), CPUMS: ms(t.cpu()-before) / n}
	if err != nil {
		return result, err
	}
	result.P50, result.P99 = spread(took)
	size, held := 0, 0
	for i, data := range bodies {
		size += len(data)
		if statuses[i] != http.StatusOK {
			result.Failed++
			continue
		}
		held += entries(data, q.count)
	}
	result.Entries, result.KB = float64(held)/n, float64(size)/1000/n
	return result, nil
}

// entries counts the entries of an answer, or gives its total; a single resource is 1.
func entries(data []byte, total bool) int {
	var b struct {
		Type  string            `json:"resourceType"`
		Total int               `json:"total"`
		Entry []json.RawMessage `json:"entry"`
	}
	switch {
	case json.Unmarshal(data, &b) != nil:
		return 0
	case b.Type != "Bundle":
		return 1
	case total:
		return b.Total
	}
	return len(b.Entry)
}
