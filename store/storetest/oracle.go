package storetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"chartlake/store"
)

// The oracle keeps its resources as plain values, writes them as FHIR JSON for the store,
// and answers queries by looking at every value. It shares no code with search or the store.

type person struct {
	id, family, given, gender string
	birth                     string // "", yyyy, yyyy-mm or yyyy-mm-dd
	identifiers               [][2]string
}

type observation struct {
	id, status string
	codes      [][2]string
	patient    int    // -1: none
	start, end string // date or period; "" open or missing
	period     bool
	value      float64
	unit       string // "": no value
	text       string // valueString where there is no quantity
}

type world struct {
	people       []person
	observations []observation
}

var (
	families = []string{"Müller", "muller", "MULLER-LÜDENSCHEIDT", "Ng", "O'Brien", "Łuk", "Ångström", "a b", "von der Tann, Dr."}
	givens   = []string{"Anna", "ANNE", "José", "", "Zoë"}
	genders  = []string{"male", "female", "unknown", ""}
	births   = []string{"", "1970", "1970-03", "1970-03-30", "1970-04-01", "1965-12-31", "2000-02-29"}
	systems  = []string{"", "http://a", "http://b"}
	codes    = []string{"x", "X", "y", "1", "a|b", "a,b"}
	statuses = []string{"final", "preliminary"}
	dates    = []string{"", "2019", "2020", "2020-02", "2020-02-03", "2020-02-03T10:11:12Z", "2020-02-03T10:11:12.345Z", "2020-02-03T23:30:00-05:00", "1969-12-31T23:59:59Z", "2021-01-01"}
	values   = []float64{-3, 0, 5.35, 5.4, 5.44, 5.45, 99.5, 100, 100.4, 100.5, 7}
	units    = []string{"", "mg", "kg"}
	texts    = []string{"", "negative", "Negatív", "not seen"}
)

func genWorld(t *rapid.T) *world {
	pick := func(list []string, name string) string { return rapid.SampledFrom(list).Draw(t, name) }
	w := &world{}
	for i := range rapid.IntRange(1, 6).Draw(t, "people") {
		p := person{id: fmt.Sprintf("p%d", i), family: pick(families, "family"), given: pick(givens, "given"), gender: pick(genders, "gender"), birth: pick(births, "birth")}
		for range rapid.IntRange(0, 2).Draw(t, "identifiers") {
			p.identifiers = append(p.identifiers, [2]string{pick(systems, "system"), pick(codes, "code")})
		}
		w.people = append(w.people, p)
	}
	for i := range rapid.IntRange(1, 25).Draw(t, "observations") {
		o := observation{id: fmt.Sprintf("o%d", i), status: pick(statuses, "status"), patient: rapid.IntRange(-1, len(w.people)-1).Draw(t, "patient"),
			start: pick(dates, "start"), period: rapid.Bool().Draw(t, "period"), value: rapid.SampledFrom(values).Draw(t, "value"), unit: pick(units, "unit"), text: pick(texts, "text")}
		if o.period {
			o.end = pick(dates, "end")
			a, _, ok1 := span(o.start)
			_, b, ok2 := span(o.end)
			if ok1 && ok2 && a >= b {
				o.end = ""
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "codes") {
			o.codes = append(o.codes, [2]string{pick(systems, "system"), pick(codes, "code")})
		}
		w.observations = append(w.observations, o)
	}
	return w
}

func str(s string) string { return fmt.Sprintf("%q", s) }

func coding(c [2]string) string {
	if c[0] == "" {
		return `{"code":` + str(c[1]) + `}`
	}
	return `{"system":` + str(c[0]) + `,"code":` + str(c[1]) + `}`
}

func (p *person) json() string {
	s := `{"resourceType":"Patient","id":` + str(p.id) + `,"name":[{"family":` + str(p.family)
	if p.given != "" {
		s += `,"given":[` + str(p.given) + `]`
	}
	s += `}]`
	if p.gender != "" {
		s += `,"gender":` + str(p.gender)
	}
	if p.birth != "" {
		s += `,"birthDate":` + str(p.birth)
	}
	var ids []string
	for _, i := range p.identifiers {
		ids = append(ids, strings.Replace(coding(i), `"code"`, `"value"`, 1))
	}
	if ids != nil {
		s += `,"identifier":[` + strings.Join(ids, ",") + `]`
	}
	return s + `}`
}

func (o *observation) json(w *world) string {
	s := `{"resourceType":"Observation","id":` + str(o.id) + `,"status":` + str(o.status)
	var list []string
	for _, c := range o.codes {
		list = append(list, coding(c))
	}
	if list != nil {
		s += `,"code":{"coding":[` + strings.Join(list, ",") + `]}`
	}
	if o.patient >= 0 {
		s += `,"subject":{"reference":"Patient/` + w.people[o.patient].id + `"}`
	}
	switch {
	case o.period && (o.start != "" || o.end != ""):
		var parts []string
		if o.start != "" {
			parts = append(parts, `"start":`+str(o.start))
		}
		if o.end != "" {
			parts = append(parts, `"end":`+str(o.end))
		}
		s += `,"effectivePeriod":{` + strings.Join(parts, ",") + `}`
	case o.start != "" && !o.period:
		s += `,"effectiveDateTime":` + str(o.start)
	}
	switch {
	case o.unit != "":
		s += fmt.Sprintf(`,"valueQuantity":{"value":%v,"unit":%q,"system":"http://u","code":%q}`, o.value, o.unit+" printed", o.unit)
	case o.text != "":
		s += `,"valueString":` + str(o.text)
	}
	return s + `}`
}

// span is the oracle's own reading of dates, by the standard library's layouts.
func span(s string) (lo, hi int64, ok bool) {
	for _, l := range []struct {
		layout      string
		y, m, d, ms int
	}{{"2006", 1, 0, 0, 0}, {"2006-01", 0, 1, 0, 0}, {"2006-01-02", 0, 0, 1, 0}, {"2006-01-02T15:04:05.000Z07:00", 0, 0, 0, 1}, {"2006-01-02T15:04:05Z07:00", 0, 0, 0, 1000}} {
		if strings.Contains(l.layout, ".") != strings.Contains(s, ".") {
			continue
		}
		if t, err := time.Parse(l.layout, s); err == nil {
			return t.UnixMilli(), t.AddDate(l.y, l.m, l.d).UnixMilli() + int64(l.ms), true
		}
	}
	return 0, 0, false
}

func (o *observation) span() (lo, hi int64, ok bool) {
	if !o.period {
		return span(o.start)
	}
	lo, _, ok1 := span(o.start)
	_, hi, ok2 := span(o.end)
	if !ok1 {
		lo = math.MinInt64
	}
	if !ok2 {
		hi = math.MaxInt64
	}
	return lo, hi, ok1 || ok2
}

func dateMatches(prefix, value string, lo, hi int64) bool {
	a, b, _ := span(value)
	inside := a <= lo && hi <= b
	switch prefix {
	case "ne":
		return !inside
	case "gt":
		return hi > b
	case "lt":
		return lo < a
	case "ge":
		return hi > b || inside
	case "le":
		return lo < a || inside
	case "sa":
		return lo >= b
	case "eb":
		return hi <= a
	}
	return inside
}

func numberMatches(prefix, text string, v float64) bool {
	var x float64
	fmt.Sscan(text, &x)
	decimals := 0
	if i := strings.IndexByte(text, '.'); i >= 0 {
		decimals = len(text) - i - 1
	}
	half := 0.5 * math.Pow(10, -float64(decimals))
	// The test values lie on the edges on purpose; compare in units of a thousandth.
	m := func(f float64) int64 { return int64(math.Round(f * 1000)) }
	inside := m(v) >= m(x-half) && m(v) < m(x+half)
	switch prefix {
	case "ne":
		return !inside
	case "gt", "sa":
		return v > x
	case "lt", "eb":
		return v < x
	case "ge":
		return v >= x
	case "le":
		return v <= x
	}
	return inside
}

var folding = strings.NewReplacer("ü", "u", "Ü", "u", "é", "e", "É", "e", "ë", "e", "Å", "a", "å", "a", "ö", "o", "í", "i", "Ł", "ł")

func fold(s string) string { return strings.ToLower(folding.Replace(s)) }

func codeMatches(have [][2]string, system, code string, form int) bool {
	for _, c := range have {
		same := strings.EqualFold(c[1], code)
		switch form {
		case 0: // code
			if same {
				return true
			}
		case 1: // system|code, |code
			if same && c[0] == system {
				return true
			}
		case 2: // system|
			if c[0] == system {
				return true
			}
		}
	}
	return false
}

// clause is one parameter with its own idea of what it matches.
type clause struct {
	text    string
	person  func(w *world, p *person) bool
	observe func(w *world, o *observation) bool
}

var escaping = strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`, "$", `\$`)

func escape(s string) string {
	s = escaping.Replace(s)
	return strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", " ", "%20", ";", "%3B").Replace(s)
}

func genToken(t *rapid.T, name string, have func(*person, *observation) [][2]string) clause {
	system, code, form := rapid.SampledFrom(systems).Draw(t, "qsystem"), rapid.SampledFrom(codes).Draw(t, "qcode"), rapid.IntRange(0, 2).Draw(t, "form")
	if form == 2 && system == "" {
		form = 1
	}
	value := map[int]string{0: escape(code), 1: system + "|" + escape(code), 2: system + "|"}[form]
	other := rapid.SampledFrom(append([]string{""}, codes...)).Draw(t, "or")
	match := func(list [][2]string) bool {
		return codeMatches(list, system, code, form) || other != "" && codeMatches(list, "", other, 0)
	}
	if other != "" {
		value += "," + escape(other)
	}
	not := rapid.Bool().Draw(t, "not")
	if not {
		name += ":not"
	}
	return clause{name + "=" + value,
		func(_ *world, p *person) bool { return match(have(p, nil)) != not },
		func(_ *world, o *observation) bool { return match(have(nil, o)) != not }}
}

func genFamily(t *rapid.T, prefix string) clause {
	full := rapid.SampledFrom(append(append([]string{}, families...), "bric", "lüden", "TANN, dr")).Draw(t, "qfamily")
	mode := rapid.SampledFrom([]string{"", ":exact", ":contains"}).Draw(t, "mode")
	if mode != ":exact" {
		r := []rune(full)
		full = string(r[:rapid.IntRange(1, len(r)).Draw(t, "cut")])
		full = strings.TrimRight(full, " ")
	}
	return clause{prefix + "family" + mode + "=" + escape(full), func(_ *world, p *person) bool {
		switch mode {
		case ":exact":
			return p.family == full
		case ":contains":
			return strings.Contains(fold(p.family), fold(full))
		}
		return strings.HasPrefix(fold(p.family), fold(full))
	}, nil}
}

func genPerson(t *rapid.T) clause {
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return genToken(t, "identifier", func(p *person, _ *observation) [][2]string { return p.identifiers })
	case 1:
		return genFamily(t, "")
	case 2:
		prefix, value := rapid.SampledFrom(prefixes).Draw(t, "prefix"), rapid.SampledFrom(births[1:]).Draw(t, "qbirth")
		return clause{"birthdate=" + prefix + value, func(_ *world, p *person) bool {
			lo, hi, ok := span(p.birth)
			return ok && dateMatches(prefix, value, lo, hi)
		}, nil}
	case 3:
		missing := rapid.Bool().Draw(t, "missing")
		return clause{fmt.Sprintf("gender:missing=%v", missing), func(_ *world, p *person) bool { return (p.gender == "") == missing }, nil}
	case 4:
		missing := rapid.Bool().Draw(t, "missing")
		return clause{fmt.Sprintf("birthdate:missing=%v", missing), func(_ *world, p *person) bool { return (p.birth == "") == missing }, nil}
	case 5:
		inner := genObservation(t)
		return clause{"_has:Observation:patient:" + inner.text, func(w *world, p *person) bool {
			for i := range w.observations {
				o := &w.observations[i]
				if o.patient >= 0 && &w.people[o.patient] == p && inner.observe(w, o) {
					return true
				}
			}
			return false
		}, nil}
	}
	ids := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 3).Draw(t, "ids")
	var list []string
	for _, i := range ids {
		list = append(list, fmt.Sprintf("p%d", i))
	}
	return clause{"_id=" + strings.Join(list, ","), func(_ *world, p *person) bool { return slices.Contains(list, p.id) }, nil}
}

var prefixes = []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"}

func genObservation(t *rapid.T) clause {
	switch rapid.IntRange(0, 7).Draw(t, "okind") {
	case 0:
		return genToken(t, "code", func(_ *person, o *observation) [][2]string { return o.codes })
	case 1:
		prefix, value := rapid.SampledFrom(prefixes).Draw(t, "prefix"), rapid.SampledFrom(dates[1:]).Draw(t, "qdate")
		return clause{"date=" + prefix + escape(value), nil, func(_ *world, o *observation) bool {
			lo, hi, ok := o.span()
			return ok && dateMatches(prefix, value, lo, hi)
		}}
	case 2:
		missing := rapid.Bool().Draw(t, "missing")
		return clause{fmt.Sprintf("date:missing=%v", missing), nil, func(_ *world, o *observation) bool {
			_, _, ok := o.span()
			return ok != missing
		}}
	case 3:
		prefix, value, unit := rapid.SampledFrom(prefixes).Draw(t, "prefix"), rapid.SampledFrom([]string{"5.4", "5", "100", "100.4", "5.40", "7.0", "-3"}).Draw(t, "qvalue"), rapid.SampledFrom([]string{"", "||mg", "|http://u|kg", "||mg printed", "|http://v|mg"}).Draw(t, "qunit")
		return clause{"value-quantity=" + prefix + value + strings.ReplaceAll(unit, " ", "%20"), nil, func(_ *world, o *observation) bool {
			if o.unit == "" || !numberMatches(prefix, value, o.value) {
				return false
			}
			switch unit {
			case "||mg", "||mg printed":
				return o.unit == "mg"
			case "|http://u|kg":
				return o.unit == "kg"
			}
			return unit == ""
		}}
	case 4:
		i := rapid.IntRange(0, 6).Draw(t, "subject")
		form := rapid.SampledFrom([]string{"subject=Patient/p%d", "patient=p%d", "subject:Patient=p%d", "subject=p%d"}).Draw(t, "form")
		return clause{fmt.Sprintf(form, i), nil, func(w *world, o *observation) bool {
			return o.patient >= 0 && w.people[o.patient].id == fmt.Sprintf("p%d", i)
		}}
	case 5:
		inner := genFamily(t, rapid.SampledFrom([]string{"subject:Patient.", "patient."}).Draw(t, "via"))
		return clause{inner.text, nil, func(w *world, o *observation) bool { return o.patient >= 0 && inner.person(w, &w.people[o.patient]) }}
	case 6:
		code, prefix, value := rapid.SampledFrom(codes).Draw(t, "qcode"), rapid.SampledFrom(prefixes).Draw(t, "prefix"), rapid.SampledFrom([]string{"5.4", "100"}).Draw(t, "qvalue")
		return clause{"code-value-quantity=" + escape(code) + "$" + prefix + value, nil, func(_ *world, o *observation) bool {
			return o.unit != "" && codeMatches(o.codes, "", code, 0) && numberMatches(prefix, value, o.value)
		}}
	}
	s := rapid.SampledFrom(statuses).Draw(t, "qstatus")
	return clause{"status=" + s, nil, func(_ *world, o *observation) bool { return o.status == s }}
}

// testOracle compares the store with the oracle: matches, totals, order, paging, for an
// actor without and with a compartment; and that more filters never give more matches.
func testOracle(t *testing.T, open Open) {
	rapid.Check(t, func(r *rapid.T) {
		w := genWorld(r)
		s := open(t)
		defer s.Close()
		w.write(r, t, s)
		for range 12 {
			compare(r, t, s, w)
		}
	})
}

// write stores the world, some of it in several versions so that old index rows must go.
func (w *world) write(r *rapid.T, t testing.TB, s store.Store) {
	var commands []store.Command
	for i := range w.people {
		if rapid.Bool().Draw(r, "older") {
			older := w.people[(i+1)%len(w.people)]
			older.id = w.people[i].id
			do(t, s, store.Update{Resource: parse(t, "%s", older.json())})
		}
		commands = append(commands, store.Update{Resource: parse(t, "%s", w.people[i].json())})
	}
	for i := range w.observations {
		if rapid.IntRange(0, 3).Draw(r, "older") == 0 {
			older := w.observations[(i+1)%len(w.observations)]
			older.id = w.observations[i].id
			do(t, s, store.Update{Resource: parse(t, "%s", older.json(w))})
		}
		commands = append(commands, store.Update{Resource: parse(t, "%s", w.observations[i].json(w))})
	}
	commands = append(commands, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"gone","status":"final","effectiveDateTime":"2020"}`)})
	do(t, s, commands...)
	do(t, s, store.Delete{Key: store.Key{Type: "Observation", ID: "gone"}})
}

func compare(r *rapid.T, t testing.TB, s store.Store, w *world) {
	people := rapid.Bool().Draw(r, "patients")
	actor := anna
	if rapid.Bool().Draw(r, "confined") {
		actor = store.Actor{ID: "app", Patients: []string{"p0", "p2"}}
	}
	own := func(i int) bool { return actor.Patients == nil || i == 0 || i == 2 }
	var clauses []clause
	var parts []string
	n := rapid.IntRange(0, 3).Draw(r, "clauses")
	var want []string
	var lows []int64
	fewer := -1
	for i := 0; i <= n; i++ {
		want, lows = nil, nil
		if people {
			for j := range w.people {
				if own(j) && holds(clauses, func(c clause) bool { return c.person(confined(w, own), &confined(w, own).people[j]) }) {
					want = append(want, w.people[j].id)
				}
			}
		} else {
			for j := range w.observations {
				o := &w.observations[j]
				if (actor.Patients == nil || o.patient >= 0 && own(o.patient)) && holds(clauses, func(c clause) bool { return c.observe(w, o) }) {
					want = append(want, o.id)
				}
			}
		}
		typ := map[bool]string{true: "Patient", false: "Observation"}[people]
		q := typ + "?" + strings.Join(parts, "&")
		if got := total(t, s, actor, q); got != len(want) {
			r.Fatalf("%s (confined %v): total %d, want %d", q, actor.Patients != nil, got, len(want))
		}
		if fewer >= 0 && len(want) > fewer {
			r.Fatalf("%s: a filter added matches", q)
		}
		fewer = len(want)
		sort := rapid.SampledFrom([]string{"", "&_sort=-_lastUpdated", "&_sort=_id", map[bool]string{true: "&_sort=-birthdate", false: "&_sort=date"}[people], map[bool]string{true: "&_sort=family,-birthdate", false: "&_sort=-date,value-quantity"}[people]}).Draw(r, "sort")
		got := all(t, s, actor, q+sort+"&_count=4")
		sorted := slices.Sorted(slices.Values(got))
		if !slices.Equal(sorted, slices.Sorted(slices.Values(want))) {
			r.Fatalf("%s%s (confined %v)\n got %v\nwant %v", q, sort, actor.Patients != nil, sorted, want)
		}
		if sort == "&_sort=date" {
			lows = startsOf(w, got)
			if !slices.IsSorted(lows) {
				r.Fatalf("%s: not in order of start: %v", q, lows)
			}
		}
		if i < n {
			c := genObservation
			if people {
				c = genPerson
			}
			next := c(r)
			clauses, parts = append(clauses, next), append(parts, next.text)
		}
	}
}

func holds(list []clause, f func(clause) bool) bool {
	for _, c := range list {
		if !f(c) {
			return false
		}
	}
	return true
}

// confined is the world as an actor of these patients sees it.
func confined(w *world, own func(int) bool) *world {
	out := &world{people: w.people}
	for _, o := range w.observations {
		if o.patient >= 0 && own(o.patient) {
			out.observations = append(out.observations, o)
		}
	}
	return out
}

// startsOf gives the starts of observations in order; those without a date come last.
func startsOf(w *world, ids []string) []int64 {
	var out []int64
	for _, id := range ids {
		for i := range w.observations {
			if w.observations[i].id == id {
				lo, _, ok := w.observations[i].span()
				if !ok {
					lo = math.MaxInt64
				}
				out = append(out, lo)
			}
		}
	}
	return out
}
