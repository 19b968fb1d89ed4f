package rest

import (
	"encoding/base64"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
)

// patch is PATCH Type/id or PATCH Type?criteria with a JSON Patch or a FHIRPath Patch
// (http://hl7.org/fhir/R4/http.html#patch). What it makes is validated like an update; the
// criteria must match exactly one resource. Its tests and its answer tell what is there, so it
// takes the right to read, too.
func (s *server) patch(c *call) (*reply, error) {
	typ := c.parts[0]
	if _, err := s.Actor(c.http, smart.Read, typ); err != nil {
		return nil, err
	}
	actor, err := s.Actor(c.http, smart.Write, typ)
	if err != nil {
		return nil, err
	}
	p, err := store.ParsePatch(c.media, c.body)
	if err != nil {
		return nil, err
	}
	key := store.Key{Type: typ}
	if len(c.parts) == 2 {
		key.ID = c.parts[1]
	}
	cmd := store.Patched(key, p)
	if cmd.IfMatch, err = c.ifMatch(); err != nil {
		return nil, err
	}
	if len(c.parts) == 1 {
		if cmd.Where, err = s.criteria(c, typ); err != nil {
			return nil, err
		}
	}
	result, err := s.write(c, actor, cmd)
	if err != nil {
		return nil, err
	}
	return written(result), nil
}

// patchBody gives the patch of a batch entry: a FHIRPath Patch stands there as it is, a JSON
// Patch as a Binary.
func patchBody(resource *fhir.Node) (body []byte, media string, err error) {
	if resource.Type() != "Binary" {
		return resource.AppendJSON(nil), fhirJSON, nil
	}
	data, err := base64.StdEncoding.DecodeString(resource.Str("data"))
	if err != nil {
		return nil, "", fault.New(fault.Invalid, "base64", "the data of the Binary is not base64")
	}
	return data, resource.Str("contentType"), nil
}
