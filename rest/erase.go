package rest

import (
	"net/http"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
)

// erase is Type/id/$erase, and Patient/id/$purge: a resource is taken out for good with all
// its versions; a Patient with everything that is in its compartment, its documents and its data
// key. It cannot be undone. The parameter shared (keep, erase) says what becomes of what belongs
// to other patients, too; without it such an erasure is refused. Exports and answers that were kept
// to be fetched go with it, whosever they are: they may hold copies.
func (s *server) erase(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Manage, c.parts[0])
	if err != nil {
		return nil, err
	}
	inputs, err := c.inputs()
	if err != nil {
		return nil, err
	}
	cmd := store.Erase{Key: c.key()}
	for _, p := range inputs {
		shared := store.Shared(p.Value)
		switch {
		case p.Name == "_format", p.Name == "_pretty":
		case p.Name == "shared" && c.parts[0] == "Patient" && (shared == store.SharedKeep || shared == store.SharedErase):
			cmd.Shared = shared
		default:
			return nil, fault.New(fault.Invalid, "bad_parameter", "erasing takes one parameter, of a Patient: shared, which is keep or erase")
		}
	}
	commands, forget := []store.Command{cmd}, func() {}
	if s.Bulk != nil {
		drop, after, err := s.Bulk.Erasing(c.ctx)
		if err != nil {
			return nil, err
		}
		commands, forget = append(commands, drop...), after
	}
	results, err := s.Store.Transact(c.ctx, actor, commands)
	if err != nil {
		return nil, err
	}
	forget()
	e := results[0].Erased
	count := func(name string, n int) *fhir.Node { return fhir.NewObject("name", name, "valueInteger", n) }
	return &reply{status: http.StatusOK, content: content{fhir.NewObject("resourceType", "Parameters", "parameter",
		[]*fhir.Node{count("resources", e.Resources), count("documents", e.Documents), count("kept", e.Kept)})}}, nil
}
