package rest

import (
	"net/http"
	"strconv"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// read is GET Type/id.
func (s *server) read(c *call) (*reply, error) {
	return s.one(c, func(v store.View) (*store.Version, error) { return v.Read(c.key()) })
}

// vread is GET Type/id/_history/n.
func (s *server) vread(c *call) (*reply, error) {
	n, err := strconv.Atoi(c.parts[3])
	if err != nil || n < 1 {
		return nil, fault.New(fault.NotFound, "version_not_found", "the resource has no such version")
	}
	return s.one(c, func(v store.View) (*store.Version, error) { return v.VersionRead(c.key(), n) })
}

func (s *server) one(c *call, get func(store.View) (*store.Version, error)) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, c.parts[0])
	if err != nil {
		return nil, err
	}
	shape, err := readShape(c)
	if err != nil {
		return nil, err
	}
	var version *store.Version
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		version, err = get(v)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.when.unmodified(version) {
		return &reply{status: http.StatusNotModified, version: version}, nil
	}
	if version.Key.Type == "Binary" {
		return s.binary(c, version)
	}
	return &reply{status: http.StatusOK, version: version, content: content{shape.apply(version.Resource)}}, nil
}

// readShape allows only what says how to show a resource.
func readShape(c *call) (shape, error) {
	var sh shape
	for _, p := range c.query {
		switch p.Name {
		case "_format", "_pretty":
		case "_summary":
			if p.Value == "count" || !sh.summary(p.Value) {
				return sh, fault.New(fault.Invalid, "bad_result_parameter", "_summary takes true, text, data or false here")
			}
		case "_elements":
			if c.prefer.strict && len(search.R4().UnknownElements([]string{c.resourceType()}, []string{p.Value})) > 0 {
				return sh, fault.New(fault.Invalid, "bad_result_parameter", "_elements names what is no element at the top of this type")
			}
			sh.elements(p.Value)
		default:
			if !c.prefer.lenient {
				return sh, fault.New(fault.Invalid, "unknown_parameter", "a read has no such parameter")
			}
		}
	}
	return sh, nil
}
