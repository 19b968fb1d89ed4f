package fhirmap

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"chartlake/fhir"
)

// loincSystem is LOINC's system URI.
const loincSystem = "http://loinc.org"

// original puts the Binary of the file. Its bytes stay in the blob store: the element data is
// left out here and filled by the server when the Binary is read.
func (b *builder) original() {
	b.put(fhir.NewObject("resourceType", "Binary", "id", b.hash, "contentType", b.in.Record.Document.MediaType))
}

// documentReference puts the segment's text and the DocumentReference: the original, the
// text, the type, the page range and the hash. Attachment.hash is SHA-1 by definition in R4
// (Attachment, element hash), so the SHA-256 stands in masterIdentifier.
func (s *segment) documentReference() {
	place := strconv.Itoa(s.index)
	content := []*fhir.Node{fhir.NewObject("attachment", fhir.NewObject(
		"contentType", s.in.Record.Document.MediaType, "url", "Binary/"+s.hash, "size", int(s.in.Bytes)))}
	if s.text.String != "" {
		text := fhir.NewObject("resourceType", "Binary", "id", id(s.hash, "Binary", "text/"+place),
			"contentType", "text/plain; charset=utf-8",
			"data", base64.StdEncoding.EncodeToString([]byte(s.text.String)))
		ref, _ := s.put(text)
		content = append(content, fhir.NewObject("attachment", fhir.NewObject(
			"contentType", "text/plain; charset=utf-8", "url", ref, "title", "Text of the pages")))
	}
	var typ *fhir.Node
	if s.LOINC != "" {
		typ = coded(loincSystem, s.LOINC)
		typ.Set("text", fhir.NewString(string(s.Type)))
	} else {
		typ = fhir.NewObject("text", string(s.Type))
	}
	var subject *fhir.Node
	if s.subject.ID != "" && (!s.in.AnnotateOnly || !s.subject.New) {
		subject = s.patientRef()
	}
	doc := fhir.NewObject("resourceType", "DocumentReference",
		"id", id(s.hash, "DocumentReference", place),
		"meta", meta(nil),
		"extension", []*fhir.Node{fhir.NewObject("url", Base+"/StructureDefinition/page-range",
			"valueRange", fhir.NewObject(
				"low", fhir.NewObject("value", s.Pages[0]), "high", fhir.NewObject("value", s.Pages[1])))},
		"masterIdentifier", fhir.NewObject("system", Base+"/sha256", "value", fmt.Sprintf("%s#%d", s.hash, s.index)),
		"identifier", []*fhir.Node{fhir.NewObject("system", Base+"/sha256", "value", s.hash)},
		"status", "current",
		"type", typ,
		"subject", subject,
		"date", instant(s.in.Received),
		"content", content)
	s.file(doc, nil)
}
