package fhirmap

import (
	"sort"
	"strconv"
	"strings"

	"chartlake/fhir"
)

// evidenceURL is the extension that carries one fact's place; docs/format/evidence.md.
const evidenceURL = Base + "/StructureDefinition/evidence"

// versionSpecific asks the transaction to turn a reference into one to the version that it
// writes. Source: HL7 extension resolve-as-version-specific.
const versionSpecific = "http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific"

// provenance says what a resource was made from: target, who, and one evidence extension per fact.
func (s *segment) provenance(target string, facts []fact) *fhir.Node {
	typ, rid, _ := strings.Cut(target, "/")
	agents := []*fhir.Node{fhir.NewObject(
		"type", coded(hl7+"provenance-participant-type", "assembler"),
		"who", reference("Device/"+s.deviceID()))}
	people := map[string]bool{}
	for _, f := range facts {
		if f.who != "" {
			people[f.who] = true
		}
	}
	for _, who := range sorted(people) {
		agents = append(agents, fhir.NewObject(
			"type", coded(hl7+"provenance-participant-type", "verifier"),
			"who", fhir.NewObject("identifier", fhir.NewObject("system", Base+"/user", "value", who), "display", who)))
	}
	var evidence []*fhir.Node
	for _, f := range facts {
		evidence = append(evidence, f.extension())
	}
	source := s.docRef
	if typ == "DocumentReference" {
		source = target
	}
	return fhir.NewObject("resourceType", "Provenance",
		"id", id(s.hash, "Provenance", typ+"/"+rid),
		"target", []*fhir.Node{fhir.NewObject("extension",
			[]*fhir.Node{fhir.NewObject("url", versionSpecific, "valueBoolean", true)}, "reference", target)},
		"recorded", instant(s.in.Recorded),
		"activity", coded(hl7+"v3-DataOperation", "CREATE"),
		"agent", agents,
		"entity", []*fhir.Node{fhir.NewObject("extension", evidence, "role", "source", "what", reference(source))})
}

func (f fact) extension() *fhir.Node {
	part := func(url, element string, v *fhir.Node) *fhir.Node {
		if v == nil || v.Text() == "" {
			return nil
		}
		return fhir.NewObject("url", url, element, v)
	}
	var page, begin, end, box, confidence *fhir.Node
	if f.page > 0 {
		page = fhir.NewInt(f.page)
		if !f.box.Empty() {
			box = fhir.NewString(f.box.String())
		}
	}
	if f.end > f.begin {
		begin, end = fhir.NewInt(f.begin), fhir.NewInt(f.end)
	}
	if f.confidence > 0 {
		confidence = fhir.NewNumber(strconv.FormatFloat(f.confidence, 'f', 3, 64))
	}
	parts := fhir.NewArray(
		part("path", "valueString", fhir.NewString(f.path)),
		part("page", "valuePositiveInt", page),
		part("box", "valueString", box),
		part("begin", "valueUnsignedInt", begin),
		part("end", "valueUnsignedInt", end),
		part("quote", "valueString", fhir.NewString(strings.TrimSpace(f.quote))),
		part("confidence", "valueDecimal", confidence),
		part("stage", "valueString", fhir.NewString(f.stage)),
		part("cue", "valueString", fhir.NewString(f.cue)))
	return fhir.NewObject("extension", parts, "url", evidenceURL)
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
