package rest

import (
	"net/http"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/ident"
)

// maxDocument is how many resources a document holds.
const maxDocument = 10_000

// document is Composition/id/$document: a document Bundle of the Composition, what it refers
// to on this server, and the organisations, practitioners and the like behind that. A resource
// that is not there or that the caller may not read makes no document: it would be incomplete
// and not say so. References to other servers stay as they are. With persist=true the Bundle
// is stored as well.
// Source: http://hl7.org/fhir/R4/composition-operation-document.html.
func (s *server) document(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, "Composition")
	if err != nil {
		return nil, err
	}
	persist, err := documentInput(c)
	if err != nil {
		return nil, err
	}
	var bundle *fhir.Node
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		parts, err := s.documentParts(c, v)
		if err != nil {
			return err
		}
		var entries []*fhir.Node
		for _, part := range parts {
			entries = append(entries, fhir.NewObject("fullUrl", s.Base+"/"+part.Key.String(), "resource", part.Resource))
		}
		bundle = fhir.NewObject("resourceType", "Bundle",
			"identifier", fhir.NewObject("system", "urn:ietf:rfc:3986", "value", "urn:uuid:"+ident.New(s.Now())),
			"type", "document", "timestamp", instant(s.Now()), "entry", entries)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !persist {
		return &reply{status: http.StatusOK, content: content{bundle}}, nil
	}
	if actor, err = s.Actor(c.http, smart.Write, "Bundle"); err != nil {
		return nil, err
	}
	result, err := s.write(c, actor, store.Create{Resource: bundle})
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, version: result.Version, location: versionURL(result.Version), content: content{result.Version.Resource}}, nil
}

// documentInput reads the parameters; persist is the only one that changes anything.
func documentInput(c *call) (persist bool, err error) {
	given, err := c.inputs()
	if err != nil {
		return false, err
	}
	for _, p := range given {
		switch {
		case p.Name == "persist" && (p.Value == "true" || p.Value == "false"):
			persist = p.Value == "true"
		case p.Name == "_format" || p.Name == "_pretty" || c.prefer.lenient:
		default:
			return false, fault.New(fault.Invalid, "unknown_parameter", "$document takes persist, which is true or false")
		}
	}
	if persist && c.method != http.MethodPost {
		return false, methodError("POST")
	}
	return persist, nil
}

// documentParts reads the Composition, what it refers to, and what supports that.
func (s *server) documentParts(c *call, v store.View) ([]store.Version, error) {
	composition, err := v.Read(c.key())
	if err != nil {
		return nil, err
	}
	parts, seen := []store.Version{*composition}, map[store.Key]bool{composition.Key: true}
	k := &knowledge{server: s, call: c}
	for _, key := range s.references(composition.Resource) {
		if seen[key] {
			continue
		}
		seen[key] = true
		incomplete := fault.New(fault.NotFound, "document_incomplete", "a resource that the Composition refers to is not there, or not for this caller")
		if !k.mayRead(key.Type) {
			return nil, incomplete
		}
		part, err := v.Read(key)
		switch {
		case fault.Is(err, fault.NotFound), fault.Is(err, fault.Gone):
			return nil, incomplete
		case err != nil:
			return nil, err
		}
		if parts = append(parts, *part); len(parts) > maxDocument {
			return nil, fault.New(fault.TooLarge, "document_too_large", "a document holds at most %d resources", maxDocument)
		}
	}
	support, err := s.support(c, v, parts, func(string) bool { return true })
	for _, part := range support {
		if !seen[part.Key] {
			parts = append(parts, part)
		}
	}
	return parts, err
}
