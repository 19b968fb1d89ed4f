package storetest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
)

// The oracle keeps its resources as JSON values (world.go), makes queries with their own idea of
// what they match (clause.go), and answers them by looking at every value (naive.go).

// tries is how many of something are tried at random: few in every run, very many in the lab.
func tries(few, many int) int {
	if os.Getenv("CHARTLAKE_LAB") != "" {
		return many
	}
	return few
}

// testOracle compares the store with the oracle: matches, totals, order, pages and what comes
// along, for actors without and with a compartment; and that no filter adds a match. The
// second world is so large that sets of the plan are.
func testOracle(t *testing.T, open Open) {
	for i := range tries(1, 8) {
		s := open(t)
		w, g := newWorld(t, s, uint64(i), 420, 0)
		for range tries(200, 1_500) {
			compare(t, s, w, g, true)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Error(err)
		}
		s.Close()
	}
	for i := range tries(1, 3) {
		s := open(t)
		w, g := newWorld(t, s, uint64(100+i), 400, 2_600)
		for range tries(30, 500) {
			compare(t, s, w, g, false)
		}
		s.Close()
	}
}

// asked is a query in the making.
type asked struct {
	typ     string   // "": of the whole system
	types   []string // of the whole system, by _type
	clauses []clause
	actor   store.Actor
}

func (a *asked) text() string {
	var parts []string
	if a.types != nil {
		parts = append(parts, "_type="+strings.Join(a.types, ","))
	}
	for _, c := range a.clauses {
		parts = append(parts, c.text())
	}
	return a.typ + "?" + strings.Join(parts, "&")
}

// matches are what the oracle finds.
func (a *asked) matches(w *world) (list []*thing) {
	for _, r := range w.things {
		if a.typ != "" && r.typ != a.typ || a.types != nil && !slices.Contains(a.types, r.typ) {
			continue
		}
		if !slices.ContainsFunc(a.clauses, func(c clause) bool { return !c.holds(w, r) }) {
			list = append(list, r)
		}
	}
	return list
}

// compare asks one query with one filter after the other.
func compare(t *testing.T, s store.Store, whole *world, g *maker, reads bool) {
	t.Helper()
	a := &asked{actor: anna}
	if g.often(40) {
		a.actor = store.Actor{ID: "app", Patients: []string{"p0"}}
		for range g.IntN(g.count["Patient"]) / 2 {
			a.actor.Patients = append(a.actor.Patients, g.id("Patient"))
		}
	}
	w := whole.seenBy(a.actor.Patients)
	if g.often(85) {
		a.typ = one(g, kindsOfThings).typ
		if !reads && g.often(70) {
			a.typ = "Observation"
		}
	} else if g.often(70) {
		a.types = []string{one(g, kindsOfThings).typ, one(g, kindsOfThings).typ}
	}
	before := math.MaxInt
	for range 1 + g.IntN(3) {
		a.clauses = append(a.clauses, g.next(a, reads))
		want := a.matches(w)
		if len(want) > before {
			t.Fatalf("the oracle is wrong: %s: a filter added matches", a.text())
		}
		before = len(want)
		if why := answered(s, w, g, a, want); why != "" {
			t.Errorf("%s (confined %v)\n%s", a.smallest(s, w).text(), a.actor.Patients != nil, why)
			return
		}
	}
}

// next makes one more filter; a search of the whole system has what every resource has.
func (g *maker) next(a *asked, reads bool) clause {
	if a.typ != "" {
		return g.clause(a.typ, 3, reads)
	}
	switch g.IntN(4) {
	case 0:
		return g.updatedClause()
	case 1:
		return g.idClause(one(g, kindsOfThings).typ)
	}
	return g.paramClause(one(g, everywhere), 0, false)
}

// smallest leaves out the filters without which the answer is wrong as well.
func (a *asked) smallest(s store.Store, w *world) *asked {
	for i := range a.clauses {
		less := *a
		less.clauses = slices.Delete(slices.Clone(a.clauses), i, i+1)
		g := &maker{Rand: rand.New(rand.NewPCG(0, 0))}
		if len(less.clauses) > 0 && answered(s, w, g, &less, less.matches(w)) != "" {
			return less.smallest(s, w)
		}
	}
	return a
}

// answered says what is wrong with the answer to a query; "": nothing.
func answered(s store.Store, w *world, g *maker, a *asked, want []*thing) string {
	n, err := counted(s, a.actor, a.text())
	if f := fault.As(err); f != nil && f.Code == "too_costly" && len(w.things) > 5_000 {
		return ""
	}
	if err != nil || n != len(want) {
		return fmt.Sprintf("total %d, %v, want %d", n, err, len(want))
	}
	keys := g.sortKeys(a.typ)
	includes := g.includes(a.typ)
	q := a.text() + sortText(keys) + includes.text() + fmt.Sprintf("&_count=%d", 1+len(want)/25+g.IntN(len(want)/2+3))
	got, why := paged(s, w, a.actor, q, includes)
	if why != "" {
		return q + "\n" + why
	}
	if have, want := namesOf(got), namesOf(want); !slices.Equal(slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(want))) {
		return fmt.Sprintf("%s\nmore %v\nless %v", q, without(have, want), without(want, have))
	}
	if at := disorder(keys, got, want); at >= 0 {
		return fmt.Sprintf("%s: not in order at %d, %s", q, at, got[at].key())
	}
	return ""
}

func namesOf(list []*thing) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.key()
	}
	return out
}

// without are the members of a that b lacks, also where a has one more often.
func without(a, b []string) (out []string) {
	rest := map[string]int{}
	for _, k := range b {
		rest[k]++
	}
	for _, k := range a {
		if rest[k]--; rest[k] < 0 {
			out = append(out, k)
		}
	}
	return out
}

// paged reads all pages and compares what comes along on each.
func paged(s store.Store, w *world, actor store.Actor, q string, includes alongs) (all []*thing, why string) {
	parsed, err := reading(q)
	if err != nil {
		return nil, err.Error()
	}
	for {
		page, err := askedFor(s, actor, parsed)
		if err != nil {
			return nil, err.Error()
		}
		var matches []*thing
		for _, m := range page.Matches {
			r := w.by[m.Key.String()]
			if r == nil {
				return nil, m.Key.String() + " is given, which the actor does not see"
			}
			matches = append(matches, r)
		}
		var came []string
		for _, m := range page.Included {
			came = append(came, m.Key.String())
		}
		along := includes.from(w, matches)
		if more, less := without(came, along), without(along, came); more != nil || less != nil {
			return nil, fmt.Sprintf("come along: more %v, less %v", more, less)
		}
		if all = append(all, matches...); len(all) > len(w.things) {
			return nil, "pages without end"
		}
		if page.Next == "" {
			return all, ""
		}
		if len(matches) == 0 {
			return nil, "an empty page with a next page"
		}
		parsed.Cursor = page.Next
	}
}

func reading(q string) (*search.Query, error) {
	typ, raw, _ := strings.Cut(q, "?")
	pairs, err := search.Pairs(raw)
	if err != nil {
		return nil, err
	}
	return search.Parse(typ, pairs, search.Options{Now: fixedNow})
}

func counted(s store.Store, actor store.Actor, q string) (int, error) {
	parsed, err := reading(q)
	if err != nil {
		return 0, err
	}
	parsed.Summary = "count"
	page, err := askedFor(s, actor, parsed)
	if err != nil {
		return 0, err
	}
	return *page.Total, nil
}

// orderKey is a key of _sort.
type orderKey struct {
	code string
	desc bool
}

func sortText(keys []orderKey) string {
	var list []string
	for _, k := range keys {
		list = append(list, map[bool]string{true: "-"}[k.desc]+k.code)
	}
	if list == nil {
		return ""
	}
	return "&_sort=" + strings.Join(list, ",")
}

func (g *maker) sortKeys(typ string) (keys []orderKey) {
	if len(g.count) == 0 {
		return nil
	}
	for range [...]int{0, 1, 1, 2, 3}[g.IntN(5)] {
		code := one(g, []string{"_id", "_lastUpdated"})
		if list := naiveParams[typ]; list != nil && g.often(80) {
			if p := one(g, list); p.kind != "composite" {
				code = p.code
			}
		}
		keys = append(keys, orderKey{code, g.often(50)})
	}
	return keys
}

// ordered is the value that sorts a resource; nil: none.
func ordered(k orderKey, r *thing) any {
	switch k.code {
	case "_id":
		return r.id
	case "_lastUpdated":
		return r.updated
	}
	p := paramOf(r.typ, k.code)
	list := elements(r.body, p.paths)
	var texts []string
	var numbers []float64
	switch p.kind {
	case "token":
		tokens, _ := tokensIn(list)
		for _, t := range tokens {
			if t.code != "" {
				texts = append(texts, strings.ToLower(t.code))
			}
		}
	case "string":
		for _, s := range stringsIn(list) {
			s = fold(s)
			texts = append(texts, s[:min(len(s), 64)])
		}
	case "uri":
		for _, e := range list {
			texts = append(texts, e.v.(string))
		}
	case "reference":
		for _, ref := range refsIn(list) {
			switch {
			case ref.url != "":
				texts = append(texts, ref.url)
			case ref.id != "":
				texts = append(texts, ref.key())
			}
		}
	case "date":
		for _, s := range spansIn(list) {
			numbers = append(numbers, float64(s[0]))
		}
	default:
		for _, m := range measuresIn(list) {
			lo := math.Inf(-1)
			if m.lo != nil {
				lo, _ = m.lo.Float64()
			}
			numbers = append(numbers, lo)
		}
	}
	switch {
	case texts != nil && k.desc:
		return slices.Max(texts)
	case texts != nil:
		return slices.Min(texts)
	case numbers != nil && k.desc:
		return slices.Max(numbers)
	case numbers != nil:
		return slices.Min(numbers)
	}
	return nil
}

// disorder is where the order is wrong: at each place must be a resource with the sort values
// that stand there when everything is sorted; -1: nowhere.
func disorder(keys []orderKey, got, want []*thing) int {
	less := func(a, b *thing) int {
		for _, k := range keys {
			x, y := ordered(k, a), ordered(k, b)
			c := 0
			switch {
			case x == nil && y == nil:
				continue
			case x == nil:
				return 1
			case y == nil:
				return -1
			}
			switch x := x.(type) {
			case string:
				c = cmp.Compare(x, y.(string))
			case int64:
				c = cmp.Compare(x, y.(int64))
			case float64:
				c = cmp.Compare(x, y.(float64))
			}
			if c != 0 && k.desc {
				return -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	}
	want = slices.Clone(want)
	slices.SortStableFunc(want, less)
	for i := range want {
		if less(got[i], want[i]) != 0 {
			return i
		}
	}
	return -1
}
