package rest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// maxListed is how many codes an expansion shows at once.
const maxListed = 1_000

// asked are the parameters of a terminology operation, from the query and from Parameters.
type asked struct {
	simple map[string]string
	whole  map[string]*fhir.Node // resources and complex values
}

// ask reads the parameters that an operation knows; a body that is a resource of the type of
// the address stands for the parameter named by whole.
func (c *call) ask(whole string, known ...string) (*asked, error) {
	a := &asked{map[string]string{}, map[string]*fhir.Node{}}
	add := func(name string) error {
		if name == "_format" || name == "_pretty" || slices.Contains(known, name) || c.prefer.lenient {
			return nil
		}
		return fault.New(fault.Invalid, "unknown_parameter", "the operation has no such parameter here: %s", plainOr(name))
	}
	for _, p := range c.query {
		if err := add(p.Name); err != nil {
			return nil, err
		}
		a.simple[p.Name] = p.Value
	}
	if len(c.body) == 0 {
		return a, nil
	}
	n, err := c.resource()
	if err != nil {
		return nil, err
	}
	if n.Type() != "Parameters" {
		if n.Type() != c.parts[0] || whole == "" {
			return nil, fault.New(fault.Invalid, "not_parameters", "the operation takes its input as Parameters")
		}
		a.whole[whole] = n
		return a, nil
	}
	for _, p := range n.Get("parameter").Items() {
		name := p.Str("name")
		if err := add(name); err != nil {
			return nil, err
		}
		for _, m := range p.Members() {
			switch {
			case m.Name == "resource":
				a.whole[name] = m.Value
			case !strings.HasPrefix(m.Name, "value"):
			case m.Value.Kind() == fhir.Object:
				a.whole[name] = m.Value
			case m.Value.Kind() != fhir.Array:
				a.simple[name] = m.Value.Text()
			}
		}
	}
	return a, nil
}

func plainOr(name string) string {
	if plainName(name) {
		return name
	}
	return "(not the form of a name)"
}

func (a *asked) number(name string, unset int) (int, error) {
	text, ok := a.simple[name]
	if !ok {
		return unset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "bad_value", "%s must be a whole number from 0", name)
	}
	return n, nil
}

// valueSet finds the value set of an operation: the one of the address, in the body, or by url.
func (t *terms) valueSet(a *asked) (*fhir.Node, error) {
	c := t.k.call
	if len(c.parts) == 3 {
		return t.set("ValueSet/" + c.parts[1])
	}
	if n := a.whole["valueSet"]; n != nil {
		if n.Type() != "ValueSet" {
			return nil, fault.New(fault.Invalid, "type_mismatch", "valueSet is no ValueSet")
		}
		if err := sound(n); err != nil {
			return nil, err
		}
		t.need(validate.Needs(n)...)
		return n, nil
	}
	url := a.simple["url"]
	if url == "" {
		return nil, fault.New(fault.Invalid, "no_value_set", "the operation needs url, valueSet, or the id of a ValueSet in its address")
	}
	if version := a.simple["valueSetVersion"]; version != "" {
		url += "|" + version
	}
	return t.set(url)
}

// sound refuses a value set or code system that was sent and is not R4, but for a missing status:
// what is made of it is given back.
func sound(n *fhir.Node) error {
	if n.Get("status") == nil {
		n = n.Shallow()
		n.Set("status", fhir.NewString("unknown"))
	}
	return validate.Error(validate.Validator{Unresolved: true}.Resource(n))
}

// terminology calls f with what the caller may use; every terminology operation reads.
func (s *server) terminology(c *call, f func(t *terms) (*fhir.Node, error)) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, c.parts[0])
	if err != nil {
		return nil, err
	}
	var out *fhir.Node
	err = s.Store.View(c.ctx, actor, func(v store.View) (err error) {
		out, err = f(s.terms(c, v))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, content: content{out}}, nil
}

// expand is ValueSet/$expand and ValueSet/id/$expand
// (http://hl7.org/fhir/R4/valueset-operation-expand.html).
func (s *server) expand(c *call) (*reply, error) {
	a, err := c.ask("valueSet", "url", "valueSet", "valueSetVersion", "filter", "offset", "count")
	if err != nil {
		return nil, err
	}
	offset, err := a.number("offset", 0)
	if err != nil {
		return nil, err
	}
	count, err := a.number("count", -1)
	if err != nil {
		return nil, err
	}
	return s.terminology(c, func(t *terms) (*fhir.Node, error) {
		set, err := t.valueSet(a)
		if err != nil {
			return nil, err
		}
		codes, err := t.library.ExpandSet(set)
		if err != nil {
			return nil, err
		}
		if filter, ok := a.simple["filter"]; ok {
			codes = filtered(codes, filter)
		}
		total := len(codes)
		if count < 0 && total-offset > maxListed {
			return nil, fault.New(fault.TooLarge, "too_costly", "the expansion has more than %d codes; ask for pages of it with count and offset", maxListed)
		}
		codes = codes[min(offset, total):]
		if count >= 0 {
			codes = codes[:min(count, len(codes), maxListed)]
		}
		return expansion(set, codes, total, a, s), nil
	})
}

// filtered keeps the codes that have every word of a filter, in the code or in the display, from
// the beginning of a word.
func filtered(codes []validate.Code, filter string) []validate.Code {
	words := strings.Fields(search.Fold(filter))
	return slices.DeleteFunc(codes, func(c validate.Code) bool {
		text := " " + search.Fold(c.Display) + " " + search.FoldCode(c.Code)
		for _, w := range words {
			if !strings.Contains(text, " "+w) {
				return true
			}
		}
		return false
	})
}

// expansion shows a value set with its codes in place of its definition.
func expansion(set *fhir.Node, codes []validate.Code, total int, a *asked, s *server) *fhir.Node {
	var contains, parameters []*fhir.Node
	for _, c := range codes {
		contains = append(contains, fhir.NewObject("system", c.System, "code", c.Code, "display", c.Display))
	}
	for _, name := range []string{"filter", "offset", "count"} {
		value, ok := a.simple[name]
		switch {
		case !ok:
		case name == "filter":
			parameters = append(parameters, fhir.NewObject("name", name, "valueString", value))
		default:
			n, _ := a.number(name, 0) // was read before
			parameters = append(parameters, fhir.NewObject("name", name, "valueInteger", fhir.NewInt(n)))
		}
	}
	var offset *fhir.Node
	if n, _ := a.number("offset", 0); a.simple["offset"] != "" || a.simple["count"] != "" {
		offset = fhir.NewInt(n)
	}
	out := set.Shallow()
	out.Delete("compose")
	out.Delete("text")
	if out.Get("status") == nil { // R4's own are kept without
		out.Set("status", fhir.NewString("unknown"))
	}
	out.Set("expansion", fhir.NewObject("identifier", newURN(), "timestamp", instant(s.Now()), "total", fhir.NewInt(total), "offset", offset,
		"parameter", parameters, "contains", contains))
	return out
}

// newURN makes a random UUID (RFC 9562, version 4).
func newURN() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
