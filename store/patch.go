package store

import (
	"bytes"
	"encoding/base64"
	"mime"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/patch"
	"chartlake/fhir/validate"
	"chartlake/search"
)

// Patched makes the update that applies a patch inside the transaction to what is current
// then. The result must be valid R4 and keep its type and id; a result that is the resource
// itself writes nothing. Without a resource to patch the update is NotFound.
func Patched(key Key, p *patch.Patch) Update {
	return Update{
		Resource: fhir.NewObject("resourceType", key.Type, "id", key.ID),
		Modify: func(current *fhir.Node) (*fhir.Node, error) {
			if current == nil {
				return nil, fault.New(fault.NotFound, "not_found", "there is no resource to patch")
			}
			out, err := p.Apply(current)
			if err != nil {
				return nil, err
			}
			if out.Type() != current.Type() || out.ID() != current.ID() {
				return nil, fault.New(fault.Invalid, "patch_identity", "a patch changes neither the type nor the id of a resource")
			}
			if bytes.Equal(out.AppendJSON(nil), current.AppendJSON(nil)) {
				return current, nil
			}
			return out, validate.Error(validate.Validator{Unresolved: true}.Resource(out))
		},
	}
}

// ParsePatch reads a patch by its media type: application/json-patch+json, or a Parameters
// resource in FHIR JSON (FHIRPath Patch).
func ParsePatch(media string, data []byte) (*patch.Patch, error) {
	if len(data) == 0 {
		return nil, fault.New(fault.Invalid, "patch_syntax", "the patch is missing")
	}
	name, params, err := mime.ParseMediaType(media)
	if charset := params["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		name = ""
	}
	read := patch.ParseFHIRPath
	switch name {
	case "application/json-patch+json":
		read = patch.ParseJSON
	case "application/fhir+json", "application/json":
	default:
		return nil, fault.New(fault.Unsupported, "media_type_unsupported", "a patch is application/json-patch+json, or Parameters as application/fhir+json")
	}
	n, err := fhir.Parse(data)
	if err != nil {
		return nil, err
	}
	return read(n)
}

// entryPatch reads the patch of a Bundle entry: Parameters, or a Binary that holds a JSON
// Patch (http://hl7.org/fhir/R4/http.html#jsonpatch).
func entryPatch(resource *fhir.Node) (*patch.Patch, error) {
	if resource.Type() != "Binary" {
		return patch.ParseFHIRPath(resource)
	}
	data, err := base64.StdEncoding.DecodeString(resource.Str("data"))
	if err != nil {
		return nil, fault.New(fault.Invalid, "base64", "the data of the Binary is not base64")
	}
	return ParsePatch(resource.Str("contentType"), data)
}

func patchCommand(resource *fhir.Node, target requestURL, version int, opts search.Options) (Command, error) {
	p, err := entryPatch(resource)
	if err != nil {
		return nil, err
	}
	c := Patched(Key{target.Type, target.ID}, p)
	c.IfMatch = version
	switch {
	case target.HasCriteria:
		if c.Where, err = search.Criteria(target.Type, target.Criteria, opts); err != nil {
			return nil, err
		}
	case target.ID == "":
		return nil, fault.New(fault.Invalid, "bad_url", "a PATCH goes to a resource or to criteria")
	}
	return c, nil
}
