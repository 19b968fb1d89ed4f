package search

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
)

// IndexValue is one value of a resource under one parameter, as the store indexes it. Which
// fields count follows from Param.Kind.
type IndexValue struct {
	Param  *Param
	Token  IndexToken // token; reference: the identifier of a logical reference
	OfType IndexToken // token: system and code of an identifier's type
	Text   string     // string, uri: as written; words: one, folded
	Ref    Reference  // reference; the zero Reference where there is only an identifier
	Date   Range      // date
	Lo, Hi float64    // number, quantity: equal for a single number; infinite where open
	Unit   Unit       // quantity
	Parts  []IndexValue
}

// IndexToken is a coded value.
type IndexToken struct {
	System, Code string
}

// MaxIndexValues bounds what one resource may put into the index. The largest HL7 example
// (a ValueSet) gives about 3,000.
const MaxIndexValues = 200_000

// Extract gives the index values of a resource by evaluating the expressions of its type's
// parameters. base is this server's own base URL ("" when unknown). Elements that cannot be
// indexed (a date that is none) are left out: validation says so, the index does not. The
// error is a fault: unknown_type, too_many_index_values, or what an expression ran into.
// An expression of a custom parameter that fails on a resource gives it no value: it must not
// stand in the way of writes.
func (c *Catalogue) Extract(resource *fhir.Node, base string) ([]IndexValue, error) {
	return c.extract(resource, base, func(p *Param) bool { return p.State != Retired })
}

// ExtractAll is Extract with the retired parameters: what must be taken out of the index when
// the resource changes.
func (c *Catalogue) ExtractAll(resource *fhir.Node, base string) ([]IndexValue, error) {
	return c.extract(resource, base, func(*Param) bool { return true })
}

// ExtractOne gives the values under the one index of this name (Param.IndexName).
func (c *Catalogue) ExtractOne(resource *fhir.Node, base, index string) ([]IndexValue, error) {
	return c.extract(resource, base, func(p *Param) bool { return p.IndexName() == index })
}

func (c *Catalogue) extract(resource *fhir.Node, base string, wanted func(*Param) bool) ([]IndexValue, error) {
	ex, x, err := c.begin(resource, base, 0)
	if err != nil {
		return nil, err
	}
	// A transaction keeps the values of all its resources: they take no more room than they need.
	room, _ := scratch.Get().(*[]IndexValue)
	if room == nil {
		room = new([]IndexValue)
	}
	x.values = (*room)[:0]
	defer func() {
		clear(x.values)
		if *room = x.values[:0]; cap(*room) <= scratchMost {
			scratch.Put(room)
		}
	}()
	holds := resource.Get("contained") != nil
	for i := range ex.steps {
		p, before := ex.steps[i].param, len(x.values)
		if !wanted(p) && !(holds && p.Kind == KindReference) {
			continue
		}
		if err := x.step(&ex.steps[i]); err != nil {
			return nil, err
		}
		if len(x.values) > MaxIndexValues {
			return nil, tooManyValues()
		}
		if !wanted(p) {
			x.values = x.values[:before]
		}
	}
	if err := c.contained(x, resource, wanted); err != nil {
		return nil, err
	}
	for _, p := range c.of(resource.Type()).words {
		if !wanted(p) {
			continue
		}
		for _, word := range slices.Sorted(maps.Keys(wordsOf(p.Code, resource))) {
			x.values = append(x.values, IndexValue{Param: p, Text: word})
		}
		if len(x.values) > MaxIndexValues {
			return nil, tooManyValues()
		}
	}
	return slices.Clone(x.values), nil
}

// scratch is room for the values of one resource while they are found; scratchMost is how many
// it has room for at most, 250 KB.
var scratch sync.Pool

const scratchMost = 1_000

func tooManyValues() error {
	return fault.New(fault.TooLarge, "too_many_index_values", "the resource has more than %d values to index", MaxIndexValues)
}

// step evaluates one expression and adds what it gives.
func (x *extraction) step(step *extractStep) error {
	found, err := step.expr.EvalOn(x.root, x.root)
	if err != nil {
		if step.param.Index != "" {
			return nil
		}
		return fmt.Errorf("search parameter %s of %s: %w", step.param.Code, step.param.Type, err)
	}
	for _, v := range found {
		if step.param.Kind == KindComposite {
			if err := x.composite(step, v); err != nil {
				return err
			}
		} else {
			x.add(step.param, v)
		}
	}
	return nil
}

// begin gives the expressions of a resource's type and an extraction from it with room for
// so many values. The error is unknown_type, or an expression that does not compile.
func (c *Catalogue) begin(resource *fhir.Node, base string, room int) (*extractor, *extraction, error) {
	root, ok := fhirpath.ResourceValue(resource)
	if !ok {
		return nil, nil, fault.New(fault.Invalid, "unknown_type", "the resource has no known type")
	}
	ex, err := c.extractor(resource.Type())
	if err != nil {
		return nil, nil, err
	}
	return ex, &extraction{root: root, base: strings.TrimSuffix(base, "/"), values: make([]IndexValue, 0, room)}, nil
}

// extractor holds the compiled expressions of one type.
type extractor struct{ steps []extractStep }

type extractStep struct {
	param *Param
	expr  *fhirpath.Expr
	parts []*fhirpath.Expr // composite
}

func (c *Catalogue) extractor(resourceType string) (*extractor, error) {
	if c.own != nil && len(c.custom[resourceType]) == 0 {
		return c.own.extractor(resourceType)
	}
	t := c.of(resourceType)
	c.mu.RLock()
	ex := t.extract
	c.mu.RUnlock()
	if ex != nil {
		return ex, nil
	}
	ex = &extractor{}
	for _, p := range append(t.ordered[:len(t.ordered):len(t.ordered)], t.retired...) {
		step := extractStep{param: p}
		var err error
		if step.expr, err = fhirpath.CompileFor(p.Expression, resourceType); err != nil {
			return nil, fmt.Errorf("search parameter %s of %s: %w", p.Code, p.Type, err)
		}
		for _, part := range p.Components {
			e, err := fhirpath.Compile(part.Expression)
			if err != nil {
				return nil, fmt.Errorf("search parameter %s of %s: %w", p.Code, p.Type, err)
			}
			step.parts = append(step.parts, e)
		}
		ex.steps = append(ex.steps, step)
	}
	c.mu.Lock()
	t.extract = ex
	c.mu.Unlock()
	return ex, nil
}

type extraction struct {
	root   fhirpath.Value
	base   string
	values []IndexValue
	inner  []inner // references to contained resources
}

// composite makes the combinations of the parts' values within one element.
func (x *extraction) composite(step *extractStep, element fhirpath.Value) error {
	combos := []IndexValue{{Param: step.param}}
	for i, e := range step.parts {
		found, err := e.EvalOn(element, x.root)
		if err != nil {
			return fmt.Errorf("search parameter %s of %s: %w", step.param.Code, step.param.Type, err)
		}
		part := extraction{root: x.root, base: x.base}
		for _, v := range found {
			part.add(step.param.Components[i].Param, v)
		}
		if len(part.values) == 0 || len(combos)*len(part.values) > MaxIndexValues {
			return nil
		}
		next := make([]IndexValue, 0, len(combos)*len(part.values))
		for _, c := range combos {
			for _, v := range part.values {
				next = append(next, IndexValue{Param: step.param, Parts: append(c.Parts[:len(c.Parts):len(c.Parts)], v)})
			}
		}
		combos = next
	}
	x.values = append(x.values, combos...)
	return nil
}

func (x *extraction) add(p *Param, v fhirpath.Value) {
	switch p.Kind {
	case KindToken:
		x.token(p, v)
	case KindString:
		x.text(p, v)
	case KindURI:
		if t := v.Text(); t != "" {
			x.values = append(x.values, IndexValue{Param: p, Text: t})
		}
	case KindDate:
		if r, ok := dateOf(v); ok {
			x.values = append(x.values, IndexValue{Param: p, Date: r})
		}
	case KindNumber:
		if lo, hi, ok := numberOf(v); ok {
			x.values = append(x.values, IndexValue{Param: p, Lo: lo, Hi: hi})
		}
	case KindQuantity:
		x.quantity(p, v)
	case KindReference:
		x.reference(p, v)
	}
}

func (x *extraction) tokenValue(p *Param, system, code string) {
	if code != "" || system != "" {
		x.values = append(x.values, IndexValue{Param: p, Token: IndexToken{system, code}})
	}
}

// token follows R4 §3.1.1.4.10: Coding, CodeableConcept, Identifier, ContactPoint, and the
// primitives.
func (x *extraction) token(p *Param, v fhirpath.Value) {
	n := v.Node()
	switch v.Type() {
	case "Coding":
		x.tokenValue(p, n.Str("system"), n.Str("code"))
	case "CodeableConcept":
		for _, c := range n.Get("coding").Items() {
			x.tokenValue(p, c.Str("system"), c.Str("code"))
		}
	case "Identifier":
		before := len(x.values)
		x.tokenValue(p, n.Str("system"), n.Str("value"))
		if len(x.values) == before || n.Str("value") == "" {
			return
		}
		for i, c := range n.Path("type", "coding").Items() {
			of := IndexToken{c.Str("system"), c.Str("code")}
			if i == 0 {
				x.values[before].OfType = of
			} else if of.Code != "" {
				x.values = append(x.values, IndexValue{Param: p, Token: x.values[before].Token, OfType: of})
			}
		}
	case "ContactPoint":
		x.tokenValue(p, "", n.Str("value"))
	default:
		x.tokenValue(p, "", v.Text())
	}
}

// parts of the complex types that a string parameter looks at.
var (
	nameParts    = []string{"text", "family", "given", "prefix", "suffix"}
	addressParts = []string{"text", "line", "city", "district", "state", "postalCode", "country"}
)

func (x *extraction) text(p *Param, v fhirpath.Value) {
	var parts []string
	switch v.Type() {
	case "HumanName":
		parts = nameParts
	case "Address":
		parts = addressParts
	case "CodeableConcept":
		parts = []string{"text"}
	case "Annotation":
		parts = []string{"text"}
	default:
		x.textValue(p, v.Text())
		return
	}
	for _, name := range parts {
		n := v.Node().Get(name)
		if n.Kind() == fhir.Array {
			for _, it := range n.Items() {
				x.textValue(p, it.Text())
			}
			continue
		}
		x.textValue(p, n.Text())
	}
}

func (x *extraction) textValue(p *Param, s string) {
	if s == "" {
		return
	}
	for i := range x.values {
		if x.values[i].Param == p && x.values[i].Text == s {
			return
		}
	}
	x.values = append(x.values, IndexValue{Param: p, Text: s})
}

// dateOf gives the span of a date, dateTime, instant, Period or Timing.
func dateOf(v fhirpath.Value) (Range, bool) {
	switch v.Type() {
	case "Period":
		return period(v.Node())
	case "Timing":
		return timing(v.Node())
	}
	return ParseMoment(v.Text())
}

func period(n *fhir.Node) (Range, bool) {
	r := Range{MinTime, MaxTime}
	start, ok1 := ParseMoment(n.Str("start"))
	end, ok2 := ParseMoment(n.Str("end"))
	if ok1 {
		r.Lo = start.Lo
	}
	if ok2 {
		r.Hi = end.Hi
	}
	return r, (ok1 || ok2) && r.Lo < r.Hi
}

// timing is the span from the first to the last event, or the bounds of the repetition.
func timing(n *fhir.Node) (Range, bool) {
	r, found := Range{MaxTime, MinTime}, false
	for _, e := range n.Get("event").Items() {
		if m, ok := ParseMoment(e.Text()); ok {
			r, found = Range{min(r.Lo, m.Lo), max(r.Hi, m.Hi)}, true
		}
	}
	if b, ok := period(n.Path("repeat", "boundsPeriod")); ok {
		r, found = Range{min(r.Lo, b.Lo), max(r.Hi, b.Hi)}, true
	}
	return r, found
}

// numberOf gives the bounds of a number or a Range.
func numberOf(v fhirpath.Value) (lo, hi float64, ok bool) {
	if v.Type() == "Range" {
		lo, hi, _, ok = rangeOf(v.Node())
		return lo, hi, ok
	}
	lo, ok = parseDecimal(v.Text())
	return lo, lo, ok
}

func rangeOf(n *fhir.Node) (lo, hi float64, unit Unit, ok bool) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if f, have := parseDecimal(n.Str("low", "value")); have {
		lo, ok, unit = f, true, unitOfNode(n.Get("low"))
	}
	if f, have := parseDecimal(n.Str("high", "value")); have {
		hi, ok, unit = f, true, unitOfNode(n.Get("high"))
	}
	return lo, hi, unit, ok && lo <= hi
}

func unitOfNode(n *fhir.Node) Unit {
	return Unit{System: n.Str("system"), Code: n.Str("code"), Text: n.Str("unit")}
}

// quantity indexes Quantity and what is derived from it, Money, Range and the bounds of
// SampledData. A comparator (<5) makes an open range.
func (x *extraction) quantity(p *Param, v fhirpath.Value) {
	n := v.Node()
	iv := IndexValue{Param: p}
	ok := false
	switch v.Type() {
	case "Range":
		iv.Lo, iv.Hi, iv.Unit, ok = rangeOf(n)
	case "Money":
		iv.Lo, ok = parseDecimal(n.Str("value"))
		iv.Hi, iv.Unit = iv.Lo, Unit{System: "urn:iso:std:iso:4217", Code: n.Str("currency")}
	case "SampledData":
		iv.Lo, iv.Hi, ok = sampled(n)
		iv.Unit = unitOfNode(n.Get("origin"))
	default:
		iv.Lo, ok = parseDecimal(n.Str("value"))
		iv.Hi, iv.Unit = iv.Lo, unitOfNode(n)
		switch n.Str("comparator") {
		case "<", "<=":
			iv.Lo = math.Inf(-1)
		case ">", ">=":
			iv.Hi = math.Inf(1)
		}
	}
	if ok {
		x.values = append(x.values, iv)
	}
}

// sampled gives the smallest and largest value of a series of measurements.
func sampled(n *fhir.Node) (lo, hi float64, ok bool) {
	origin, ok1 := parseDecimal(n.Str("origin", "value"))
	factor, have := parseDecimal(n.Str("factor"))
	if !have {
		factor = 1
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for field := range strings.FieldsSeq(n.Str("data")) {
		if f, good := parseDecimal(field); good {
			f = origin + f*factor
			lo, hi, ok = min(lo, f), max(hi, f), true
		}
	}
	return lo, hi, ok && ok1
}

// reference indexes References, canonicals and uris, and resources that stand inside a Bundle.
func (x *extraction) reference(p *Param, v fhirpath.Value) {
	n := v.Node()
	iv := IndexValue{Param: p}
	switch {
	case v.Is("Reference"):
		switch ref := n.Str("reference"); {
		case ref == "":
		case ref[0] == '#':
			x.inner = append(x.inner, inner{p, ref[1:]})
		default:
			iv.Ref = ParseReference(ref, x.base)
		}
		if id := n.Get("identifier"); id != nil {
			iv.Token = IndexToken{id.Str("system"), id.Str("value")}
		}
	case v.Is("Resource"):
		if n.ID() != "" {
			iv.Ref = Reference{Type: n.Type(), ID: n.ID()}
		}
	default:
		if t := v.Text(); t != "" {
			iv.Ref = ParseReference(t, x.base)
		}
	}
	if iv.Ref != (Reference{}) && iv.Ref.Type == "" && iv.Ref.URL == "" {
		iv.Ref = Reference{URL: iv.Ref.ID} // a bare id names nothing
	}
	if iv.Ref != (Reference{}) || iv.Token != (IndexToken{}) {
		x.values = append(x.values, iv)
	}
}

// ExtractReferences gives the values of the reference parameters only, for _include.
func (c *Catalogue) ExtractReferences(resource *fhir.Node, base string) ([]IndexValue, error) {
	ex, x, err := c.begin(resource, base, 0)
	if err != nil {
		return nil, err
	}
	for i := range ex.steps {
		step := &ex.steps[i]
		if step.param.Kind != KindReference || !step.param.Usable() {
			continue
		}
		if err := x.step(step); err != nil {
			return nil, err
		}
	}
	return x.values, nil
}
