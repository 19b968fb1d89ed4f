package rest

import (
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
)

// coded is a code that an operation is asked about.
type coded struct{ system, code, display string }

// codings reads code and system, coding, or codeableConcept.
func (a *asked) codings(system string) ([]coded, error) {
	given := 0
	var list []coded
	of := func(n *fhir.Node) coded { return coded{n.Str("system"), n.Str("code"), n.Str("display")} }
	if code := a.simple["code"]; code != "" {
		given++
		if s := a.simple["system"]; s != "" {
			system = s
		}
		list = append(list, coded{system, code, a.simple["display"]})
	}
	if n := a.whole["coding"]; n != nil {
		given++
		list = append(list, of(n))
	}
	if n := a.whole["codeableConcept"]; n != nil {
		given++
		for _, c := range n.Get("coding").Items() {
			list = append(list, of(c))
		}
	}
	if given != 1 || len(list) == 0 {
		return nil, fault.New(fault.Invalid, "no_code", "the operation needs one of code, coding and codeableConcept")
	}
	if len(list) > maxCodings {
		return nil, fault.New(fault.TooLarge, "too_many_codings", "more than %d codings", maxCodings)
	}
	return list, nil
}

const maxCodings = 100

// validateCode is $validate-code of ValueSet and CodeSystem
// (http://hl7.org/fhir/R4/valueset-operation-validate-code.html,
// http://hl7.org/fhir/R4/codesystem-operation-validate-code.html).
func (s *server) validateCode(c *call) (*reply, error) {
	if c.parts[0] == "CodeSystem" {
		return s.validateInSystem(c)
	}
	a, err := c.ask("", "url", "valueSet", "valueSetVersion", "code", "system", "display", "coding", "codeableConcept")
	if err != nil {
		return nil, err
	}
	codings, err := a.codings("")
	if err != nil {
		return nil, err
	}
	return s.terminology(c, func(t *terms) (*fhir.Node, error) {
		set, err := t.valueSet(a)
		if err != nil {
			return nil, err
		}
		unknown := false
		for _, one := range codings {
			in, known := t.library.Member(set, one.system, one.code)
			if in {
				return t.judged(one), nil
			}
			unknown = unknown || !known
		}
		if unknown {
			return nil, fault.New(fault.Invalid, "value_set_open", "it cannot be told: the value set stands on what is not here in full")
		}
		return verdict(false, "the code is not in the value set", ""), nil
	})
}

// validateInSystem is $validate-code of CodeSystem.
func (s *server) validateInSystem(c *call) (*reply, error) {
	a, err := c.ask("", "url", "codeSystem", "version", "code", "display", "coding", "codeableConcept")
	if err != nil {
		return nil, err
	}
	return s.terminology(c, func(t *terms) (*fhir.Node, error) {
		system, err := t.codeSystem(a)
		if err != nil {
			return nil, err
		}
		codings, err := a.codings(system)
		if err != nil {
			return nil, err
		}
		for _, one := range codings {
			if one.system != "" && one.system != system {
				continue
			}
			_, _, _, err := t.library.Lookup(system, one.code)
			f := fault.As(err)
			switch {
			case err == nil:
				return t.judged(coded{system, one.code, one.display}), nil
			case f == nil || f.Code != "code_unknown":
				return nil, err
			}
		}
		return verdict(false, "the code system has no such code", ""), nil
	})
}

// codeSystem finds the code system of an operation and gives its URL: of the address, in the
// body, or by url.
func (t *terms) codeSystem(a *asked) (string, error) {
	c := t.k.call
	if len(c.parts) == 3 {
		v, err := t.k.view.Read(c.key())
		if err != nil {
			return "", err
		}
		t.library = t.library.With(v.Resource)
		return v.Resource.Str("url"), nil
	}
	if n := a.whole["codeSystem"]; n != nil {
		if n.Type() != "CodeSystem" || n.Str("url") == "" {
			return "", fault.New(fault.Invalid, "type_mismatch", "codeSystem is no CodeSystem with a url")
		}
		t.library = t.library.With(n)
		return n.Str("url"), nil
	}
	url := a.simple["url"]
	if url == "" {
		url = a.simple["system"]
	}
	if url == "" {
		url = a.whole["coding"].Str("system")
	}
	if url == "" {
		return "", fault.New(fault.Invalid, "no_code_system", "the operation needs the url of a code system")
	}
	t.need(validate.Canonical{Kind: "CodeSystem", URL: url})
	return url, nil
}

// judged answers for a code that is right, and says of its display whether that is, too.
func (t *terms) judged(one coded) *fhir.Node {
	t.need(validate.Canonical{Kind: "CodeSystem", URL: one.system})
	display := ""
	if c, _, _, err := t.library.Lookup(one.system, one.code); err == nil {
		display = c.Display
	}
	if one.display != "" && !t.library.SameDisplay(one.system, one.code, one.display) {
		return verdict(false, "the code is right, its display is another", display)
	}
	return verdict(true, "", display)
}

func verdict(result bool, message, display string) *fhir.Node {
	list := []*fhir.Node{fhir.NewObject("name", "result", "valueBoolean", result)}
	if message != "" {
		list = append(list, fhir.NewObject("name", "message", "valueString", message))
	}
	if display != "" {
		list = append(list, fhir.NewObject("name", "display", "valueString", display))
	}
	return fhir.NewObject("resourceType", "Parameters", "parameter", list)
}

// lookup is CodeSystem/$lookup (http://hl7.org/fhir/R4/codesystem-operation-lookup.html).
func (s *server) lookup(c *call) (*reply, error) {
	a, err := c.ask("", "code", "system", "coding", "version", "property")
	if err != nil {
		return nil, err
	}
	codings, err := a.codings("")
	if err != nil {
		return nil, err
	}
	one := codings[0]
	return s.terminology(c, func(t *terms) (*fhir.Node, error) {
		if one.system == "" {
			return nil, fault.New(fault.Invalid, "no_code_system", "the operation needs the url of a code system")
		}
		name := validate.Canonical{Kind: "CodeSystem", URL: one.system}
		t.need(name)
		found, designations, properties, err := t.library.Lookup(one.system, one.code)
		if err != nil {
			return nil, err
		}
		system := t.library.Resource(name)
		title := system.Str("name")
		if title == "" {
			title = one.system
		}
		list := []*fhir.Node{fhir.NewObject("name", "name", "valueString", title)}
		if v := system.Str("version"); v != "" {
			list = append(list, fhir.NewObject("name", "version", "valueString", v))
		}
		list = append(list, fhir.NewObject("name", "display", "valueString", found.Display))
		list = append(list, details("designation", designations)...)
		return fhir.NewObject("resourceType", "Parameters", "parameter", append(list, details("property", properties)...)), nil
	})
}

// details shows designations or properties, a part per member.
func details(name string, list *fhir.Node) (out []*fhir.Node) {
	for _, n := range list.Items() {
		var parts []*fhir.Node
		for _, m := range n.Members() {
			switch {
			case m.Name == "code" || m.Name == "language":
				parts = append(parts, fhir.NewObject("name", m.Name, "valueCode", m.Value))
			case m.Name == "use":
				parts = append(parts, fhir.NewObject("name", "use", "valueCoding", m.Value))
			case m.Name == "value":
				parts = append(parts, fhir.NewObject("name", "value", "valueString", m.Value))
			case len(m.Name) > 5 && m.Name[:5] == "value":
				parts = append(parts, fhir.NewObject("name", "value", m.Name, m.Value))
			}
		}
		out = append(out, fhir.NewObject("name", name, "part", parts))
	}
	return out
}
