package rest

import (
	"net/http"
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// reindex is POST $reindex, Type/$reindex and Type/id/$reindex: resources are indexed again in
// the background, of a SearchParameter all under it. On the system the types may be given by
// the parameter type. GET $reindex shows what is under way, of one job with the parameter job.
func (s *server) reindex(c *call) (*reply, error) {
	get := c.method == http.MethodGet
	if get {
		if len(c.parts) > 1 {
			return nil, methodError("POST")
		}
		return s.reindexing(c)
	}
	actor, err := s.Actor(c.http, smart.Write, "")
	if err != nil {
		return nil, err
	}
	cmd := store.Reindex{}
	switch len(c.parts) {
	case 3:
		cmd.Key = c.key()
	case 2:
		cmd.Types = []string{c.parts[0]}
	}
	inputs, err := c.inputs()
	if err != nil {
		return nil, err
	}
	for _, p := range inputs {
		switch {
		case p.Name == "_format" || p.Name == "_pretty":
		case p.Name == "type" && len(c.parts) == 1 && len(cmd.Types) < maxTypes:
			if !search.R4().Knows(p.Value) {
				return nil, fault.New(fault.Invalid, "unknown_type", "type names no resource type of R4")
			}
			cmd.Types = append(cmd.Types, p.Value)
		default:
			return nil, fault.New(fault.Invalid, "parameter_unsupported", "$reindex takes type, on the system")
		}
	}
	results, err := s.Store.Transact(c.ctx, actor, []store.Command{cmd})
	if err != nil {
		return nil, single(err)
	}
	job := strconv.FormatInt(results[0].Job, 10)
	body := outcomeOf(issue("information", "informational", "resources are being indexed again", "", "reindex_begun"))
	return &reply{status: http.StatusAccepted, progress: "$reindex?job=" + job, content: content{body}}, nil
}

// maxTypes bounds the types of one request: R4 has 146.
const maxTypes = 200

// reindexing shows the work on the index as Parameters.
func (s *server) reindexing(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, "")
	if err != nil {
		return nil, err
	}
	wanted := ""
	for _, p := range c.query {
		if p.Name == "job" {
			wanted = p.Value
		}
	}
	var parts []*fhir.Node
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		list, err := v.Reindexing()
		for i := range list {
			if wanted == "" || wanted == strconv.FormatInt(list[i].Job, 10) {
				parts = append(parts, jobPart(&list[i]))
			}
		}
		return err
	})
	if err == nil && wanted != "" && len(parts) == 0 {
		err = fault.New(fault.NotFound, "not_found", "there is no such job")
	}
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, content: content{fhir.NewObject("resourceType", "Parameters", "parameter", parts)}}, nil
}

func jobPart(r *store.Reindexing) *fhir.Node {
	part := func(name, typ string, value any) *fhir.Node { return fhir.NewObject("name", name, typ, value) }
	list := []*fhir.Node{part("id", "valueString", strconv.FormatInt(r.Job, 10)), part("state", "valueCode", string(r.State)),
		part("resources", "valueInteger", fhir.NewInt(r.Done)), part("began", "valueInstant", instant(r.Began))}
	if r.Resource != "" {
		list = append(list, part("of", "valueString", r.Resource))
	}
	return fhir.NewObject("name", "job", "part", list)
}
