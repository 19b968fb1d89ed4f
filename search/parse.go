package search

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
)

// Pair is one parameter of a query as it stood there, decoded.
type Pair struct{ Name, Value string }

// Options are how a query is read.
type Options struct {
	Lenient   bool       // leave out what is not understood instead of refusing (Prefer: handling=lenient)
	Strict    bool       // refuse also what otherwise is a warning (Prefer: handling=strict)
	Base      string     // this server's FHIR base URL, so that absolute references to itself are local
	Now       time.Time  // for `ap` on dates; zero: the clock
	Catalogue *Catalogue // nil: R4
	// Terminology answers :in, :not-in, :above and :below on tokens; nil: they are refused.
	Terminology Terminology
}

// Terminology lists codes. Its errors are faults; what it cannot list in full it refuses.
type Terminology interface {
	// Members lists a value set, by its canonical URL or as ValueSet/id.
	Members(valueSet string) ([]IndexToken, error)
	// Below and Above list a code with those under it, or above it, in its code system.
	Below(IndexToken) ([]IndexToken, error)
	Above(IndexToken) ([]IndexToken, error)
}

// Pairs splits a raw URL query or form body into its parameters in order. A bad percent
// escape is an Invalid fault with code query_syntax.
func Pairs(raw string) ([]Pair, error) {
	var pairs []Pair
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, fault.New(fault.Invalid, "query_syntax", "the query has a bad percent escape")
		}
		pairs = append(pairs, Pair{n, v})
	}
	return pairs, nil
}

// Parse reads a query of a resource type ("" for the whole system) into a checked Query.
// Faults are Invalid with the codes unknown_type, unknown_parameter, unknown_modifier,
// modifier_unsupported, bad_value, bad_prefix, bad_chain, bad_sort, bad_include, bad_result_parameter,
// too_many_parameters, too_deep, or Unavailable with parameter_indexing; with Lenient all but the limits go to Ignored instead.
// Parameters with an empty value say nothing (R4 §3.1.1.3) and are ignored.
func Parse(resourceType string, pairs []Pair, opts Options) (*Query, error) {
	p := newParser(opts)
	if resourceType != "" && !p.cat.Knows(resourceType) {
		return nil, fault.New(fault.Invalid, "unknown_type", "there is no resource type of this name in R4")
	}
	if len(pairs) > MaxParameters {
		return nil, fault.New(fault.Invalid, "too_many_parameters", "more than %d parameters", MaxParameters)
	}
	q := &Query{Type: resourceType, Count: DefaultCount, Now: p.now}
	if err := p.types(q, pairs); err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		if pair.Value == "" {
			q.Ignored = append(q.Ignored, pair)
			continue
		}
		err := p.one(q, pair)
		if err == nil {
			q.Used = append(q.Used, pair)
			continue
		}
		f := fault.As(err)
		if !opts.Lenient || f == nil || f.Code == "too_deep" || f.Kind == fault.TooLarge {
			return nil, err
		}
		q.Ignored = append(q.Ignored, pair)
	}
	return q, p.elements(q, opts.Strict)
}

// Criteria reads the query part of a conditional reference or If-None-Exist: at least one
// filter must be there, result parameters are refused.
func Criteria(resourceType, raw string, opts Options) (*Query, error) {
	opts.Lenient = false
	pairs, err := Pairs(raw)
	if err != nil {
		return nil, err
	}
	q, err := Parse(resourceType, pairs, opts)
	if err != nil {
		return nil, err
	}
	if len(q.Filters) == 0 {
		return nil, fault.New(fault.Invalid, "no_criteria", "a conditional interaction needs at least one search parameter")
	}
	return q, nil
}

type parser struct {
	cat   *Catalogue
	terms Terminology
	base  string
	now   time.Time

	steps, all    int // filters and values so far, chains included
	expandedCodes int // codes that value sets stand for
}

func newParser(opts Options) *parser {
	p := &parser{cat: opts.Catalogue, terms: opts.Terminology, base: strings.TrimSuffix(opts.Base, "/"), now: opts.Now}
	if p.cat == nil {
		p.cat = R4()
	}
	if p.now.IsZero() {
		p.now = time.Now()
	}
	return p
}

// types reads _type first, because a system-level search checks its other parameters by it.
func (p *parser) types(q *Query, pairs []Pair) error {
	for _, pair := range pairs {
		if pair.Name != "_type" || pair.Value == "" {
			continue
		}
		for _, t := range strings.Split(pair.Value, ",") {
			if !p.cat.Knows(t) {
				return fault.New(fault.Invalid, "unknown_type", "_type names a resource type that R4 does not have")
			}
			if !slices.Contains(q.Types, t) {
				q.Types = append(q.Types, t)
			}
		}
	}
	if q.Type == "" && len(q.Types) == 1 {
		q.Type = q.Types[0]
	}
	return nil
}

// one reads one parameter into the query.
func (p *parser) one(q *Query, pair Pair) error {
	if len(pair.Value) > MaxText*16 || len(pair.Name) > MaxText {
		return fault.New(fault.TooLarge, "parameter_too_long", "a parameter is longer than %d bytes", MaxText*16)
	}
	if done, err := p.result(q, pair); done {
		return err
	}
	f, err := p.filter(q.Type, pair.Name, pair.Value, 0)
	if err != nil {
		return err
	}
	q.Filters = append(q.Filters, f)
	return nil
}

// resultParameters are those that shape the answer and take no modifier.
var resultParameters = map[string]bool{"_format": true, "_pretty": true, "_type": true, "_explain": true, "_count": true, "_cursor": true, "_total": true,
	"_summary": true, "_elements": true, "_contained": true, "_sort": true}

// result reads the parameters that shape the answer; done is false for all others.
func (p *parser) result(q *Query, pair Pair) (done bool, err error) {
	value := pair.Value
	base, modifier, modified := strings.Cut(pair.Name, ":")
	if modified && resultParameters[base] {
		return true, fault.New(fault.Invalid, "unknown_modifier", "%s takes no modifier", base)
	}
	switch base {
	case "_format", "_pretty", "_type":
		return true, nil
	case "_explain":
		q.Explain = value == "true"
		return true, nil
	case "_count":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return true, fault.New(fault.Invalid, "bad_result_parameter", "_count must be a whole number from 0")
		}
		q.Count, q.CountSet = min(n, MaxCount), true
		return true, nil
	case "_cursor":
		q.Cursor = value
		return true, nil
	case "_total":
		return true, p.total(q, value)
	case "_summary":
		switch value {
		case "true", "text", "data", "count", "false":
			q.Summary = value
			return true, nil
		}
		return true, fault.New(fault.Invalid, "bad_result_parameter", "_summary takes true, text, data, count or false")
	case "_elements":
		if q.Elements = append(q.Elements, strings.Split(value, ",")...); len(q.Elements) > MaxValues {
			return true, fault.New(fault.TooLarge, "too_many_values", "_elements has more than %d names", MaxValues)
		}
		return true, nil
	case "_contained":
		if value == "false" {
			return true, nil
		}
		return true, fault.New(fault.Invalid, "modifier_unsupported", "_contained is supported as false only")
	case "_sort":
		return true, p.sort(q, value)
	case "_include", "_revinclude":
		return true, p.include(q, base == "_revinclude", modifier, value)
	}
	return false, nil
}

func (p *parser) total(q *Query, value string) error {
	switch value {
	case "none":
		q.Total = TotalNone
	case "estimate", "accurate":
		q.Total = TotalAccurate
	default:
		return fault.New(fault.Invalid, "bad_result_parameter", "_total takes none, estimate or accurate")
	}
	return nil
}

func (p *parser) sort(q *Query, value string) error {
	for _, code := range strings.Split(value, ",") {
		key := SortKey{Code: strings.TrimPrefix(code, "-"), Desc: strings.HasPrefix(code, "-")}
		if key.Code != "_id" && key.Code != "_lastUpdated" {
			if q.Type != "" {
				key.Param = p.cat.Param(q.Type, key.Code)
			}
			if key.Param == nil || !Support.Sortable(key.Param.Kind) {
				return fault.New(fault.Invalid, "bad_sort", "_sort names a parameter that this search cannot sort by")
			}
			if !key.Param.Usable() {
				return notIndexed(key.Code)
			}
		}
		if q.Sort = append(q.Sort, key); len(q.Sort) > MaxSort {
			return fault.New(fault.Invalid, "bad_sort", "_sort has more than %d keys", MaxSort)
		}
	}
	return nil
}

// include reads Source:parameter[:Target] or *.
func (p *parser) include(q *Query, reverse bool, modifier, value string) error {
	bad := func(why string) error {
		return fault.New(fault.Invalid, "bad_include", "_include and _revinclude take Type:parameter[:Target]; %s", why)
	}
	inc := Include{}
	switch modifier {
	case "":
	case "iterate", "recurse":
		inc.Iterate = true
	default:
		return bad("the modifier is not known")
	}
	parts := strings.Split(value, ":")
	switch {
	case value == "*":
	case len(parts) < 2 || len(parts) > 3:
		return bad("the value has another form")
	default:
		inc.Source = parts[0]
		if !p.cat.Knows(inc.Source) {
			return bad("the type is not known")
		}
		if parts[1] != "*" {
			inc.Param = p.cat.Param(inc.Source, parts[1])
			if inc.Param == nil || inc.Param.Kind != KindReference {
				return bad("the type has no such reference parameter")
			}
			if !inc.Param.Usable() {
				return notIndexed(inc.Param.Code)
			}
		}
		if len(parts) == 3 {
			if !p.cat.Knows(parts[2]) {
				return bad("the target type is not known")
			}
			inc.Target = parts[2]
		}
	}
	list := &q.Include
	if reverse {
		list = &q.RevInclude
	}
	*list = append(*list, inc)
	if len(q.Include)+len(q.RevInclude) > MaxIncludes {
		return bad("there are too many of them")
	}
	return nil
}
