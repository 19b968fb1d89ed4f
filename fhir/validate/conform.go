package validate

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
	"chartlake/fhir/patch"
	"chartlake/fhir/ucum"
)

// asked checks a resource against a profile that it claims or that was asked for.
func (d *deep) asked(it item, url string) {
	if t := typeOf(url); t != nil {
		if !it.typ.Is(t.Name) {
			d.error("structure", it.at, "the resource is not of the type that the profile constrains")
		}
		return
	}
	p := d.library.profile(url)
	if p == nil {
		severity := "warning"
		if slices.Contains(d.Profiles, url) {
			severity = "error"
		}
		d.report(severity, "not-found", it.at, "the profile "+plain(url)+" is not known here")
		return
	}
	if !it.typ.Is(p.typ.Name) {
		d.error("structure", it.at, "the resource is not of the type that the profile "+plain(url)+" constrains")
		return
	}
	if len(p.problems) > 0 || p.orphan {
		d.report("warning", "not-supported", it.at, "the profile "+plain(url)+" is not wholly understood")
	}
	d.against(it, p)
}

// plain shows a URL that an issue names, unless it is no plain URL.
func plain(url string) string {
	if len(url) > 300 || strings.ContainsAny(url, " \"<>\\^`{}") {
		return "(unnamed)"
	}
	return url
}

// against checks an item against a profile, within the limit of depth.
func (d *deep) against(it item, p *profile) {
	if d.depth++; d.depth <= maxProfileDepth {
		d.satisfies(it, p.root)
	} else {
		d.report("information", "too-costly", it.at, "profiles within profiles are nested too deep to be checked")
	}
	d.depth--
}

// conforms asks whether an item satisfies a profile, without reporting anything.
func (d *deep) conforms(it item, p *profile) bool {
	key := conformed{it.node, p.url}
	if ok, done := d.memo[key]; done && it.node != nil {
		return ok
	}
	d.memo[key] = true // what refers to itself satisfies the profile unless something else does not
	ok := it.typ != nil && it.typ.Is(p.typ.Name) && d.quietly(func(q *deep) { q.against(it, p) })
	d.memo[key] = ok
	return ok
}

// quietly runs a check and tells whether it found no error.
func (d *deep) quietly(f func(*deep)) bool {
	q := *d
	q.issues, q.silent = &issues{seen: map[fault.Issue]bool{}}, true
	f(&q)
	return q.issues.errors == 0
}

// satisfies checks an item against a rule.
func (d *deep) satisfies(it item, r *rule) {
	if !d.spend() || d.silent && d.issues.errors > 0 {
		return
	}
	if !d.typed(it, r) {
		return
	}
	d.valued(it, r)
	if r.binding != nil {
		d.bind(it, r.binding)
	}
	for _, c := range r.constraints {
		x := it
		if r.element != nil && it.frame.up != nil && it.typ != nil && it.typ.Kind == definition.Resource {
			x.frame = it.frame.up // the rule is one of the element that the resource stands in
		}
		d.holds(x, c, d.library)
	}
	if absent(it.content()) && !it.primitive() {
		return
	}
	for _, c := range r.children {
		d.children(it, c)
	}
}

// typed checks the type of an item and the profiles of that type.
func (d *deep) typed(it item, r *rule) bool {
	if r.types == nil {
		return true
	}
	var fits []allowed
	for _, a := range r.types {
		if it.typ == nil || it.typ.Is(a.typ.Name) {
			fits = append(fits, a)
		}
	}
	if len(fits) == 0 {
		d.error("structure", it.at, "the profile does not allow this type here")
		return false
	}
	// Several entries for one type are alternatives.
	if slices.ContainsFunc(fits, func(a allowed) bool { return d.fits(it, a, true) }) {
		return true
	}
	d.fits(it, fits[0], false)
	return true
}

// fits checks an item against the profiles of a type, of which one must hold, and a reference
// against its target profiles.
func (d *deep) fits(it item, a allowed, quiet bool) bool {
	before := d.issues
	if quiet {
		d.issues = &issues{seen: map[fault.Issue]bool{}}
		defer func() { d.issues = before }()
	}
	start := d.issues.errors
	d.oneOf(it, a.profiles)
	if len(a.targets) > 0 && (it.typ.Is("Reference") || it.typ.Is("canonical")) {
		d.targets(it, a)
	}
	return d.issues.errors == start
}

func (d *deep) oneOf(it item, profiles []string) {
	var known []*profile
	for _, url := range profiles {
		if t := typeOf(url); t != nil && it.typ.Is(t.Name) {
			return
		}
		p := d.library.profile(url)
		if p == nil {
			return // one that is not known may be the one that holds
		}
		known = append(known, p)
	}
	if len(known) == 0 || slices.ContainsFunc(known, func(p *profile) bool { return d.conforms(it, p) }) {
		return
	}
	if len(known) == 1 && known[0].typ != nil && it.typ.Is(known[0].typ.Name) {
		d.against(it, known[0])
		return
	}
	d.error("structure", it.at, "the element satisfies none of the profiles that are allowed here")
}

// valued checks the value itself.
func (d *deep) valued(it item, r *rule) {
	if r.fixed != nil && !d.fixed(it, r.fixed) {
		d.error("value", it.at, "the value is not the one that the profile fixes")
	}
	if r.pattern != nil && !d.pattern(it, r.pattern) {
		d.error("value", it.at, "the value does not have what the profile's pattern asks for")
	}
	if r.length > 0 && it.primitive() && len([]rune(it.node.Text())) > r.length {
		d.error("value", it.at, "the text is longer than "+strconv.Itoa(r.length)+" characters")
	}
	if r.least != nil {
		d.limit(it, r.least.Members()[0], -1)
	}
	if r.most != nil {
		d.limit(it, r.most.Members()[0], 1)
	}
}

func (d *deep) fixed(it item, want *fhir.Node) bool {
	return it.node != nil && patch.Equal(it.node, want)
}

func (d *deep) pattern(it item, want *fhir.Node) bool { return matches(it.node, want) }

// matches reports whether a value has everything that a pattern has: members of objects,
// and for each item of a list one that matches it.
func matches(n, want *fhir.Node) bool {
	switch want.Kind() {
	case fhir.Object:
		for _, m := range want.Members() {
			if m.Name != "id" && m.Name != "extension" && !matches(n.Get(m.Name), m.Value) {
				return false
			}
		}
		return n.Kind() == fhir.Object
	case fhir.Array:
		for _, w := range want.Items() {
			if !slices.ContainsFunc(n.Items(), func(x *fhir.Node) bool { return matches(x, w) }) {
				return false
			}
		}
		return true
	}
	return n != nil && patch.Equal(n, want)
}

// limit compares with minValue[x] or maxValue[x]; side is the sign of what is not allowed.
func (d *deep) limit(it item, bound fhir.Member, side int) {
	name := strings.TrimPrefix(strings.TrimPrefix(bound.Name, "minValue"), "maxValue")
	var sign int
	var ok bool
	switch name {
	case "Quantity":
		sign, ok = compareQuantities(it.node, bound.Value)
	case "Decimal", "Integer", "PositiveInt", "UnsignedInt":
		sign, ok = compareNumbers(it.node.Text(), bound.Value.Text())
	default:
		sign, ok = compareTimes(it.node.Text(), bound.Value.Text(), name == "Time")
	}
	if ok && sign == side {
		d.error("invalid", it.at, map[int]string{-1: "the value is less than the least allowed", 1: "the value is greater than the greatest allowed"}[side])
	}
}

func compareNumbers(a, b string) (int, bool) {
	x, _, errX := apd.NewFromString(a)
	y, _, errY := apd.NewFromString(b)
	if errX != nil || errY != nil || x.Exponent > 5000 || y.Exponent > 5000 || x.Exponent < -5000 || y.Exponent < -5000 {
		return 0, false
	}
	return x.Cmp(y), true
}

// compareTimes compares as far as both are precise; equal where they do not differ in that.
func compareTimes(a, b string, clock bool) (int, bool) {
	if clock {
		a, b = "2000-01-01T"+a, "2000-01-01T"+b
	}
	x, okX := fhirpath.ParseDate(a)
	y, okY := fhirpath.ParseDate(b)
	if !okX || !okY {
		return 0, false
	}
	n := min(len(a), len(b))
	if x.Precision < fhirpath.Hour || y.Precision < fhirpath.Hour {
		return strings.Compare(a[:min(n, 10)], b[:min(n, 10)]), true
	}
	return x.Time(time.UTC).Compare(y.Time(time.UTC)), true
}

// compareQuantities compares in one unit; ok is false where the units are not comparable.
func compareQuantities(a, b *fhir.Node) (int, bool) {
	if a.Str("code") == b.Str("code") && a.Str("system") == b.Str("system") {
		return compareNumbers(a.Str("value"), b.Str("value"))
	}
	return ucumCompare(a, b)
}

func ucumCompare(a, b *fhir.Node) (int, bool) {
	x, okX := ucum.Parse(a.Str("code"))
	y, okY := ucum.Parse(b.Str("code"))
	m, _, errM := apd.NewFromString(a.Str("value"))
	n, _, errN := apd.NewFromString(b.Str("value"))
	if !okX || !okY || errM != nil || errN != nil {
		return 0, false
	}
	if !x.Comparable(y) {
		return 0, false
	}
	p, okP := x.Canonical(m)
	q, okQ := y.Canonical(n)
	if !okP || !okQ {
		return 0, false
	}
	return p.Cmp(q), true
}

// children checks how often an element stands, its slices, and each occurrence.
func (d *deep) children(it item, r *rule) {
	list := it.of(r.element)
	if r.min > 0 && len(list) < r.min {
		d.error("required", it.at.child(r.element.Name), few(r.min))
	}
	if r.max != definition.Unbounded && len(list) > r.max {
		d.error("structure", it.at.child(r.element.Name), many(r.max))
	}
	for _, c := range list {
		d.satisfies(c, r)
	}
	if len(r.slices) > 0 {
		d.slices(it, r, list)
	}
}

func few(n int) string {
	if n == 1 {
		return "a mandatory element is missing"
	}
	return "the element stands fewer than " + strconv.Itoa(n) + " times"
}

func many(n int) string {
	if n == 0 {
		return "the profile does not allow this element"
	}
	return "the element stands more than " + strconv.Itoa(n) + " times"
}
