package rest

import (
	"net/http"
	"slices"
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/smart"
	"chartlake/store"
)

// meta is Type/id/$meta and Type/id/_history/n/$meta: the profiles, tags and labels of a
// resource (http://hl7.org/fhir/R4/resource-operation-meta.html).
func (s *server) meta(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, c.parts[0])
	if err != nil {
		return nil, err
	}
	n := 0
	if len(c.parts) == 5 {
		if n, err = strconv.Atoi(c.parts[3]); err != nil || n < 1 {
			return nil, fault.New(fault.NotFound, "version_not_found", "the resource has no such version")
		}
	}
	var version *store.Version
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		if n > 0 {
			version, err = v.VersionRead(c.key(), n)
		} else {
			version, err = v.Read(c.key())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return metaOf(version), nil
}

func metaOf(v *store.Version) *reply {
	part := fhir.NewObject("name", "return", "valueMeta", v.Resource.Get("meta"))
	return &reply{status: http.StatusOK, version: v, content: content{fhir.NewObject("resourceType", "Parameters", "parameter", []*fhir.Node{part})}}
}

// metaAdd is Type/id/$meta-add. Like every change it makes a version, unless all is there.
func (s *server) metaAdd(c *call) (*reply, error) {
	return s.changeMeta(c, func(have, given []*fhir.Node) []*fhir.Node {
		for _, g := range given {
			if !slices.ContainsFunc(have, func(n *fhir.Node) bool { return sameLabel(n, g) }) {
				have = append(have, g)
			}
		}
		return have
	})
}

// metaDelete is Type/id/$meta-delete. What is not there is no error.
func (s *server) metaDelete(c *call) (*reply, error) {
	return s.changeMeta(c, func(have, given []*fhir.Node) []*fhir.Node {
		return slices.DeleteFunc(have, func(n *fhir.Node) bool {
			return slices.ContainsFunc(given, func(g *fhir.Node) bool { return sameLabel(n, g) })
		})
	})
}

// sameLabel compares profiles by their URL, tags and security labels by system and code.
func sameLabel(a, b *fhir.Node) bool {
	if a.Kind() != fhir.Object || b.Kind() != fhir.Object {
		return a.Kind() == b.Kind() && a.Text() == b.Text()
	}
	return a.Str("system") == b.Str("system") && a.Str("code") == b.Str("code")
}

// changeMeta applies a change to the profiles, tags and labels of what is current then.
func (s *server) changeMeta(c *call, change func(have, given []*fhir.Node) []*fhir.Node) (*reply, error) {
	if _, err := s.Actor(c.http, smart.Read, c.parts[0]); err != nil { // the answer is what is there now
		return nil, err
	}
	actor, err := s.Actor(c.http, smart.Write, c.parts[0])
	if err != nil {
		return nil, err
	}
	given, err := c.metaInput()
	if err != nil {
		return nil, err
	}
	key := c.key()
	cmd := store.Update{Resource: fhir.NewObject("resourceType", key.Type, "id", key.ID), Modify: func(current *fhir.Node) (*fhir.Node, error) {
		if current == nil {
			return nil, fault.New(fault.NotFound, "not_found", "there is no resource whose meta could change")
		}
		meta, changed := current.Get("meta").Shallow(), false
		if meta == nil {
			meta = fhir.NewObject()
		}
		for _, name := range []string{"profile", "security", "tag"} {
			have := meta.Get(name).Items()
			list := change(slices.Clone(have), given.Get(name).Items())
			if changed = changed || len(list) != len(have); len(list) == 0 {
				meta.Delete(name)
			} else {
				meta.Set(name, fhir.NewArray(list...))
			}
		}
		if !changed {
			return current, nil
		}
		out := current.Shallow()
		out.Set("meta", meta)
		if len(meta.Members()) == 0 {
			out.Delete("meta")
		}
		return out, validate.Error(validate.Validator{Unresolved: true}.Resource(out))
	}}
	if cmd.IfMatch, err = c.ifMatch(); err != nil {
		return nil, err
	}
	result, err := s.write(c, actor, cmd)
	if err != nil {
		return nil, err
	}
	return metaOf(result.Version), nil
}

// metaInput is the parameter meta of the body.
func (c *call) metaInput() (*fhir.Node, error) {
	n, err := c.resource()
	if err != nil {
		return nil, err
	}
	if err := validate.Error(validate.Validator{Unresolved: true}.Resource(n)); err != nil {
		return nil, err
	}
	for _, p := range n.Get("parameter").Items() {
		if meta := p.Get("valueMeta"); p.Str("name") == "meta" && meta != nil {
			return meta, nil
		}
	}
	return nil, fault.New(fault.Invalid, "no_meta", "the operation takes Parameters with a parameter meta")
}
