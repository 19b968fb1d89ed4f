package rest

import (
	"encoding/base64"
	"net/http"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// create is POST Type. An id in the resource is ignored.
func (s *server) create(c *call) (*reply, error) {
	typ := c.parts[0]
	actor, err := s.Actor(c.http, smart.Write, typ)
	if err != nil {
		return nil, err
	}
	resource, err := s.received(c, typ)
	if err != nil {
		return nil, err
	}
	cmd := store.Create{Resource: resource}
	if _, empty := c.http.Header["If-None-Exist"]; empty && !c.inner && c.when.noneExist == "" {
		return nil, fault.New(fault.Invalid, "no_criteria", "If-None-Exist names no criteria")
	}
	if c.when.noneExist != "" {
		if cmd.IfNoneExist, err = search.Criteria(typ, strings.TrimPrefix(c.when.noneExist, "?"), s.options(c)); err != nil {
			return nil, err
		}
	}
	result, err := s.write(c, actor, cmd)
	if err != nil {
		return nil, err
	}
	return written(result), nil
}

// received parses and validates the resource of a create or update.
func (s *server) received(c *call, typ string) (*fhir.Node, error) {
	if typ == "Binary" && c.media != "" && !isJSON(c.media) {
		return fhir.NewObject("resourceType", "Binary", "contentType", c.media, "data", base64.StdEncoding.EncodeToString(c.body)), nil
	}
	resource, err := c.toWrite()
	if err != nil {
		return nil, err
	}
	if resource.Type() != typ {
		return nil, fault.New(fault.Invalid, "type_mismatch", "the resource is not of the type of the address")
	}
	return resource, validate.Error(validate.Validator{Unresolved: true}.Resource(resource))
}

func (s *server) write(c *call, actor store.Actor, cmd store.Command) (store.Result, error) {
	results, err := s.transact(c, actor, []store.Command{cmd})
	if err != nil {
		return store.Result{}, single(err)
	}
	return results[0], nil
}

// written answers a create or update: 201 for a new resource, else 200.
func written(result store.Result) *reply {
	r := &reply{status: http.StatusOK, version: result.Version, written: true}
	if result.Op == store.OpCreate {
		r.status = http.StatusCreated
	}
	if result.Version != nil {
		r.location = versionURL(result.Version)
		r.content = content{result.Version.Resource}
	}
	return r
}
