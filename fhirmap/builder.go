package fhirmap

import (
	"strconv"
	"strings"
	"time"

	"chartlake/document"
	"chartlake/fhir"
	"chartlake/record"
)

// builder makes the entries of one Bundle.
type builder struct {
	in      Input
	hash    string
	each    func(entry *fhir.Node)
	written map[string]bool // Type/id
}

// segment is a record.Segment being mapped.
type segment struct {
	*builder
	*record.Segment
	index        int
	subject      Subject
	text         document.Text
	docRef       string // reference to its DocumentReference
	encounterRef string
	observed     []*fhir.Node // references to the Observations of its result table
}

// fact is one value of a resource with the place that it was read from.
type fact struct {
	path       string // element path in the target: "valueQuantity.value"
	page       int
	box        document.Box
	begin, end int
	quote      string
	confidence float64
	stage      string
	cue        string
	who        string // person who settled it, "" for the machine
}

// put gives out a resource as PUT; a resource that was put before in this Bundle is left alone.
func (b *builder) put(resource *fhir.Node) (reference string, fresh bool) {
	ref := resource.Type() + "/" + resource.ID()
	if b.written[ref] {
		return ref, false
	}
	if b.written == nil {
		b.written = map[string]bool{}
	}
	b.written[ref] = true
	b.each(fhir.NewObject(
		"fullUrl", Base+"/"+ref,
		"resource", resource,
		"request", fhir.NewObject("method", "PUT", "url", ref)))
	return ref, true
}

// device is who made the resources: this program in this version.
func (b *builder) device() {
	b.put(fhir.NewObject("resourceType", "Device", "id", b.deviceID(),
		"status", "active",
		"deviceName", []*fhir.Node{fhir.NewObject("name", "chartlake", "type", "model-name")},
		"version", []*fhir.Node{fhir.NewObject("value", b.program())}))
}

func (b *builder) program() string {
	if b.in.Program == "" {
		return "devel"
	}
	return b.in.Program
}

func (b *builder) deviceID() string { return id("", "Device", b.program()) }

// meta marks a resource as read by a machine, or as confirmed once a person settled one of its facts.
func meta(facts []fact) *fhir.Node {
	code, display := "extracted", "Extracted by a machine"
	for _, f := range facts {
		if f.who != "" {
			code, display = "confirmed", "Confirmed by a person"
		}
	}
	return fhir.NewObject("tag", []*fhir.Node{fhir.NewObject("system", Origin, "code", code, "display", display)})
}

// resource starts a machine-made resource.
func (s *segment) resource(typ, place string, facts []fact) *fhir.Node {
	return fhir.NewObject("resourceType", typ, "id", id(s.hash, typ, strconv.Itoa(s.index)+"/"+place), "meta", meta(facts))
}

// file puts a resource with its Provenance and gives its reference.
func (s *segment) file(resource *fhir.Node, facts []fact) string {
	ref, fresh := s.put(resource)
	if fresh {
		s.put(s.provenance(ref, facts))
	}
	return ref
}

func reference(ref string) *fhir.Node {
	if ref == "" {
		return nil
	}
	return fhir.NewObject("reference", ref)
}

func (s *segment) patientRef() *fhir.Node { return reference("Patient/" + s.subject.ID) }

// concept is a CodeableConcept: the printed words always, codes where there are some.
func concept(text string, codes []record.Code) *fhir.Node {
	var coding []*fhir.Node
	for _, c := range codes {
		if weak(c) {
			continue
		}
		display := c.Display
		if strings.Contains(display, "without") {
			display = "" // "Chills (without fever)" beside a page that says no such thing misleads who skims it
		}
		coding = append(coding, fhir.NewObject("system", c.System, "version", c.Version, "code", c.Code, "display", display))
	}
	return fhir.NewObject("coding", coding, "text", text)
}

// codeMin is the score below which a candidate code is wrong more often than right (the calibration in
// docs/performance/clinical.md): it is shown to a person and not filed, and does not make two
// mentions one concept.
const codeMin = 0.45

// weak reports a code with a score that is too low; without a score nobody doubted it.
func weak(c record.Code) bool { return c.Score > 0 && c.Score < codeMin }

// coded is a CodeableConcept of one known code.
func coded(system, code string) *fhir.Node {
	return fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", system, "code", code)})
}

// hl7 is the base of the HL7 code systems.
const hl7 = "http://terminology.hl7.org/CodeSystem/"

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
