package rest

import (
	"net/http"
	"slices"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/smart"
	"chartlake/store"
)

// validation is what $validate was asked (http://hl7.org/fhir/R4/resource-operation-validate.html).
type validation struct {
	resource *fhir.Node
	mode     string
	profiles []string
}

// validate is [Type]/$validate and [Type]/[id]/$validate. The answer is 200 with an
// OperationOutcome whatever the resource is like; only a request that cannot be understood is
// an error. Nothing is written.
func (s *server) validate(c *call) (*reply, error) {
	typ := c.parts[0]
	actor, err := s.Actor(c.http, smart.Read, typ)
	if err != nil {
		return nil, err
	}
	v, err := c.validation()
	if err != nil {
		return nil, err
	}
	if err := s.subject(c, actor, v); err != nil {
		return nil, err
	}
	if v.mode == "delete" {
		return validated(nil), nil
	}
	var issues []fault.Issue
	err = s.Store.View(c.ctx, actor, func(view store.View) error {
		k := &knowledge{server: s, call: c, view: view}
		check := validate.Validator{Unresolved: true, Level: validate.Full, Profiles: v.profiles, Resolve: k.resolve}
		check.Library = k.library(append(slices.Clone(v.profiles), validate.Claims(v.resource)...))
		issues = check.Resource(v.resource)
		return c.ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return validated(issues), nil
}

// validation reads the parameters of the operation: Parameters, or a resource by itself with
// the others in the query.
func (c *call) validation() (*validation, error) {
	v := &validation{}
	for _, p := range c.query {
		switch p.Name {
		case "mode":
			v.mode = p.Value
		case "profile":
			v.profiles = append(v.profiles, p.Value)
		case "_format", "_pretty":
		default:
			return nil, fault.New(fault.Invalid, "unknown_parameter", "$validate has no such parameter")
		}
	}
	if len(c.body) > 0 {
		n, err := c.resource()
		if err != nil {
			return nil, err
		}
		v.read(n, c.parts[0])
	}
	v.profiles = slices.DeleteFunc(v.profiles, func(s string) bool { return s == "" })
	switch v.mode {
	case "", "create", "update", "delete":
	case "profile":
		if len(v.profiles) == 0 {
			return nil, fault.New(fault.Invalid, "no_profile", "the mode profile needs a profile")
		}
	default:
		return nil, fault.New(fault.Invalid, "mode_unsupported", "$validate has the modes create, update, delete and profile")
	}
	return v, nil
}

// read takes a body. Parameters are those of the operation, unless they are themselves what
// the address is about and have no part named resource.
func (v *validation) read(n *fhir.Node, typ string) {
	list := n.Get("parameter").Items()
	named := slices.ContainsFunc(list, func(p *fhir.Node) bool { return p.Str("name") == "resource" })
	if n.Type() != "Parameters" || typ == "Parameters" && !named {
		v.resource = n
		return
	}
	for _, p := range list {
		switch p.Str("name") {
		case "resource":
			v.resource = p.Get("resource")
		case "mode":
			v.mode = p.Str("valueCode")
		case "profile":
			for _, member := range []string{"valueUri", "valueCanonical", "valueUrl"} {
				v.profiles = append(v.profiles, p.Str(member))
			}
		}
	}
}

// subject settles which resource is validated: the one that was sent, or the one that the
// address names.
func (s *server) subject(c *call, actor store.Actor, v *validation) error {
	instance := len(c.parts) == 3
	if v.resource == nil || v.mode == "delete" {
		if !instance {
			return fault.New(fault.Invalid, "no_resource", "$validate needs a resource in its body or in its address")
		}
		return s.Store.View(c.ctx, actor, func(view store.View) error {
			current, err := view.Read(c.key())
			if err == nil {
				v.resource = current.Resource
			}
			return err
		})
	}
	if v.resource.Type() != c.parts[0] {
		return fault.New(fault.Invalid, "type_mismatch", "the resource is not of the type of the address")
	}
	if instance && v.mode != "profile" && v.resource.ID() != c.parts[1] {
		return fault.New(fault.Invalid, "id_mismatch", "the id of the resource is missing or not that of the address").At(c.parts[0] + ".id")
	}
	return nil
}

// validated shows what was found; nothing found is good news.
func validated(issues []fault.Issue) *reply {
	var list []*fhir.Node
	for _, i := range issues {
		list = append(list, issue(i.Severity, i.Code, i.Message, i.Path, ""))
	}
	if len(list) == 0 {
		list = append(list, issue("information", "informational", "nothing was found to be wrong", "", ""))
	}
	return &reply{status: http.StatusOK, content: content{outcomeOf(list...)}}
}
