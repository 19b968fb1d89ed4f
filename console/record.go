package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// record answers GET /documents/{id}/record?version=: the record's JSON as stored. Its
// version is the ETag, and what a review action must name as after.
func (s *server) record(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "version")
	if err != nil {
		return err
	}
	version := 0
	if text := q.Get("version"); text != "" {
		if version, err = number(text, "version", 1, 1<<30); err != nil {
			return err
		}
	}
	var found *store.RecordVersion
	err = s.Store.View(r.Context(), actor, func(v store.View) error {
		if _, err := v.Document(r.PathValue("id")); err != nil {
			return err
		}
		found, err = v.Record(r.PathValue("id"), version)
		return err
	})
	if err != nil {
		return err
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, found.Version))
	return answerJSON(w, found.Body)
}

// made is a resource that the document became, with the Provenance that says from where.
type made struct {
	Resource   json.RawMessage   `json:"resource"`
	Provenance []json.RawMessage `json:"provenance,omitempty"`
}

// resources answers GET /documents/{id}/resources: what the last run filed, as it is now (a
// person may have changed it since), each with its Provenance.
func (s *server) resources(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	out := []*made{}
	err := s.Store.View(r.Context(), actor, func(v store.View) error {
		doc, err := v.Document(r.PathValue("id"))
		if err != nil {
			return err
		}
		out, err = madeFrom(v, doc.Resources)
		return err
	})
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"resources": out})
}

func madeFrom(v store.View, keys []store.Key) ([]*made, error) {
	out := []*made{}
	by := map[string]*made{}
	var provenance []*fhir.Node
	for _, key := range keys {
		version, err := v.Read(key)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if key.Type == "Provenance" {
			provenance = append(provenance, version.Resource)
			continue
		}
		m := &made{Resource: shown(version.Resource)}
		by[key.String()] = m
		out = append(out, m)
	}
	for _, p := range provenance {
		for _, target := range p.Get("target").Items() {
			reference, _, _ := strings.Cut(target.Str("reference"), "/_history/")
			if m := by[reference]; m != nil {
				m.Provenance = append(m.Provenance, p.AppendJSON(nil))
			}
		}
	}
	return out, nil
}

// shownMax is the length of a base64 value that is still sent to a page: the original file
// inside a Binary or an attachment is megabytes that nobody reads.
const shownMax = 2048

// shown is the resource's JSON with large data elements left out.
func shown(n *fhir.Node) []byte {
	c := n.Clone()
	c.Walk(func(x *fhir.Node) bool {
		if size := len(x.Get("data").Text()); size > shownMax {
			x.Set("data", fhir.NewString(fmt.Sprintf("(%d characters of base64, not shown)", size)))
		}
		return true
	})
	return c.AppendJSON(nil)
}
