package deidentify

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// left are the resources that are not exported: originals, who looked at what, and what the server
// is told to send where.
var left = map[string]bool{"Binary": true, "AuditEvent": true, "Subscription": true, "Bundle": true, "Parameters": true, "OperationOutcome": true,
	"MessageHeader": true, "Endpoint": true}

// numbers are the elements of type string that hold a number of a thing or a contract; the paths are
// those of the R4 definitions.
var numbers = map[string]string{
	"Device.serialNumber": "device", "Device.lotNumber": "device", "Device.distinctIdentifier": "device",
	"Device.udiCarrier.deviceIdentifier": "device", "Device.udiCarrier.carrierHRF": "device",
	"Coverage.subscriberId": "beneficiary", "Coverage.dependent": "beneficiary", "Coverage.class.value": "beneficiary",
	"Immunization.lotNumber": "device", "Medication.batch.lotNumber": "device",
	"Claim.insurance.preAuthRef": "other_id", "ClaimResponse.preAuthRef": "other_id", "ExplanationOfBenefit.preAuthRef": "other_id",
	"ExplanationOfBenefit.insurance.preAuthRef": "other_id",
}

// titles are the elements of type string that name an institution or a thing of one person.
var titles = map[string]string{
	"Organization.name": "Organization", "Location.name": "Location", "HealthcareService.name": "Service", "CareTeam.name": "Team",
	"Group.name": "Group", "List.title": "List", "InsurancePlan.name": "Plan", "Coverage.class.name": "Class", "Account.name": "Account",
}

// dropped are elements of which nothing remains.
var dropped = map[string]bool{
	"Patient.photo": true, "Person.photo": true, "Practitioner.photo": true, "RelatedPerson.photo": true, "Location.position": true,
	"Organization.alias": true, "Location.alias": true, "Device.udiCarrier.carrierAIDC": true, "Device.url": true, "Device.password": true,
	"Patient.link": true, "Person.link": true,
}

// extensions that say nothing of who somebody is; those of Base are our own.
var extensions = map[string]bool{
	"http://hl7.org/fhir/StructureDefinition/data-absent-reason":        true,
	"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race":      true,
	"http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity": true,
	"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex":  true,
	"https://chartlake.dev/fhir/StructureDefinition/evidence":           true,
	"https://chartlake.dev/fhir/StructureDefinition/page-range":         true,
}

// parts of extensions that are left out: characters of a text that is another now.
var cut = map[string]bool{"quote": true, "cue": true, "begin": true, "end": true}

// Resource gives a resource without what identifies, nil where nothing of it is exported. at is the
// day that ages are counted at.
func (p *Person) Resource(r *fhir.Node, at time.Time) *fhir.Node {
	def := definition.R4().ResourceType(r.Type())
	if def == nil || left[r.Type()] {
		return nil
	}
	w := &rewriting{Person: p, at: at}
	return w.resource(r, def)
}

type rewriting struct {
	*Person
	at time.Time
}

func (w *rewriting) resource(r *fhir.Node, def *definition.Type) *fhir.Node {
	out := fhir.NewObject("resourceType", def.Name)
	w.members(r, out, def.Root, def.Name)
	if def.Name == "Patient" && r.Get("birthDate") != nil && oldest(r.Str("birthDate"), w.at) {
		out.Delete("birthDate")
	}
	return out
}

// members rewrites the members of an object into another.
func (w *rewriting) members(from, to *fhir.Node, shape *definition.Element, path string) {
	for _, m := range from.Members() {
		if m.Name == "resourceType" || shape == nil {
			continue
		}
		if name, ok := strings.CutPrefix(m.Name, "_"); ok {
			if e, _ := shape.Property(name); e != nil {
				if n := w.absent(m.Value); n != nil {
					to.Set(m.Name, n)
				}
			}
			continue
		}
		e, t := shape.Property(m.Name)
		if e == nil {
			continue
		}
		at := path + "." + e.Name
		if dropped[at] || e.Name == "text" && t != nil && t.Name == "Narrative" {
			continue
		}
		if m.Value.Kind() != fhir.Array {
			if n := w.value(m.Value, e, t, at); n != nil {
				to.Set(m.Name, n)
			}
			continue
		}
		list := fhir.NewArray()
		for _, item := range m.Value.Items() {
			if n := w.value(item, e, t, at); n != nil {
				list.Append(n)
			}
		}
		if len(list.Items()) > 0 {
			to.Set(m.Name, list)
		}
	}
}

// absent keeps of what is said about a primitive why it is absent.
func (w *rewriting) absent(n *fhir.Node) *fhir.Node {
	for _, x := range n.Get("extension").Items() {
		if x.Str("url") == "http://hl7.org/fhir/StructureDefinition/data-absent-reason" {
			return fhir.NewObject("extension", []*fhir.Node{fhir.NewObject("url", x.Str("url"), "valueCode", x.Str("valueCode"))})
		}
	}
	return nil
}

// value rewrites one value of an element; nil: it goes.
func (w *rewriting) value(v *fhir.Node, e *definition.Element, t *definition.Type, path string) *fhir.Node {
	if t == nil || len(e.Content().Children) > 0 { // a part of its resource
		if v.Kind() != fhir.Object {
			return nil
		}
		return w.object(v, e.Shape(t), path)
	}
	if t.Kind == definition.Primitive {
		if v.Kind() == fhir.Object || v.Kind() == fhir.Array {
			return nil
		}
		return w.primitive(v, t.Name, path)
	}
	if v.Kind() != fhir.Object {
		return nil
	}
	switch t.Name {
	case "HumanName":
		return w.humanName(v)
	case "Address":
		return w.address(v)
	case "Identifier":
		return w.identifier(v)
	case "Reference":
		return w.reference(v)
	case "Attachment":
		return w.attachment(v)
	case "Extension":
		return w.extension(v)
	case "Meta":
		return w.meta(v)
	case "Coding":
		return w.coding(v)
	case "CodeableConcept":
		return w.concept(v, e.Shape(t))
	case "Age":
		return w.age(v, e, t, path)
	case "ContactPoint", "Signature", "Narrative":
		return nil
	case "Resource":
		if def := definition.R4().ResourceType(v.Type()); def != nil && !left[v.Type()] {
			return w.resource(v, def)
		}
		return nil
	}
	return w.object(v, e.Shape(t), t.Name)
}

func (w *rewriting) object(v *fhir.Node, shape *definition.Element, path string) *fhir.Node {
	out := fhir.NewObject()
	w.members(v, out, shape, path)
	if len(out.Members()) == 0 {
		return nil
	}
	return out
}

// primitive rewrites a value by its type. Links and binary data go; so does what is not known.
func (w *rewriting) primitive(v *fhir.Node, typ, path string) *fhir.Node {
	text := v.Text()
	switch typ {
	case "boolean", "integer", "decimal", "positiveInt", "unsignedInt", "code", "time":
		return v
	case "date", "dateTime", "instant":
		if text = w.date(text); typ == "instant" && len(text) >= 4 {
			// Instants are the times of systems: beside another record of when something was
			// filed, a shifted one would tell by how much all days are shifted.
			text = text[:4] + "-01-01T00:00:00Z"
		}
	case "id":
		text = w.key.ID(text)
	case "string", "markdown", "http://hl7.org/fhirpath/System.String":
		switch {
		case strings.HasSuffix(path, ".id"):
			text = w.key.ID(text)
		case numbers[path] != "":
			text = w.key.number(numbers[path], w.subject, text)
		case titles[path] != "":
			text = titles[path] + " " + w.key.number("title", "", text)
		case strings.HasSuffix(path, ".unit"): // of a quantity
		default:
			text, _ = w.Text(text)
		}
	case "canonical":
		if !public(text) {
			return nil
		}
	case "uri":
		if !public(text) && !strings.HasSuffix(path, ".system") {
			return nil
		}
	default:
		return nil
	}
	if text == "" {
		return nil
	}
	return fhir.NewString(text)
}

// public are the addresses of definitions that everybody may know.
func public(url string) bool {
	for _, begin := range []string{"http://hl7.org/", "http://terminology.hl7.org/", "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org",
		"http://www.nlm.nih.gov/", "https://www.nucc.org/", "http://nucc.org/", "https://chartlake.dev/fhir/", "http://www.ama-assn.org/", "https://www.cms.gov/", "https://codesystem.x12.org/", "https://www.nubc.org/"} {
		if strings.HasPrefix(url, begin) {
			return true
		}
	}
	return false
}

func (w *rewriting) humanName(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject()
	if use := v.Get("use"); use != nil {
		out.Set("use", use)
	}
	if family := v.Str("family"); family != "" {
		out.Set("family", fhir.NewString(w.Name(family)))
	}
	given := fhir.NewArray()
	for _, g := range v.Get("given").Items() {
		given.Append(fhir.NewString(w.Name(g.Text())))
	}
	if len(given.Items()) > 0 {
		out.Set("given", given)
	}
	if len(out.Members()) == 0 && v.Str("text") != "" || out.Get("family") == nil && len(given.Items()) == 0 {
		out.Set("text", fhir.NewString(w.Name(v.Str("text"))))
	}
	return out
}

// address leaves what is not smaller than a state, and the digits of the ZIP code that may stay.
func (w *rewriting) address(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject()
	for _, name := range []string{"use", "type", "state", "country"} {
		if n := v.Get(name); n != nil && n.Kind() == fhir.String {
			out.Set(name, n)
		}
	}
	if zip := v.Str("postalCode"); zip != "" {
		out.Set("postalCode", fhir.NewString(ZIP(zip)))
	}
	if len(out.Members()) == 0 {
		return nil
	}
	return out
}

// identifier keeps what kind of number it is; its value is a surrogate, its system only where it
// names no institution.
func (w *rewriting) identifier(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject()
	if use := v.Get("use"); use != nil {
		out.Set("use", use)
	}
	if t := v.Get("type"); t != nil {
		if n := w.object(t, definition.R4().Type("CodeableConcept").Root, "CodeableConcept"); n != nil {
			out.Set("type", n)
		}
	}
	if s := v.Str("system"); strings.HasPrefix(s, "http://hl7.org/") {
		out.Set("system", fhir.NewString(s))
	}
	if value := v.Str("value"); value != "" {
		out.Set("value", fhir.NewString(w.key.number("identifier", v.Str("system"), value)))
	}
	return out
}

// reference points to the surrogate of an id; what it shows, and addresses elsewhere, go.
func (w *rewriting) reference(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject()
	if ref := w.key.Reference(v.Str("reference")); ref != "" {
		out.Set("reference", fhir.NewString(ref))
	}
	if n := v.Get("type"); n != nil && n.Kind() == fhir.String {
		out.Set("type", n)
	}
	if n := v.Get("identifier"); n != nil && n.Kind() == fhir.Object {
		out.Set("identifier", w.identifier(n))
	}
	if len(out.Members()) == 0 {
		return fhir.NewObject("display", "not shown")
	}
	return out
}

// Reference gives "Type/id" with the surrogate of the id, "#id" likewise; "" for anything else. A
// version is left out.
func (k *Key) Reference(ref string) string {
	if id, ok := strings.CutPrefix(ref, "#"); ok && id != "" {
		return "#" + k.ID(id)
	}
	parts := strings.Split(ref, "/")
	for i, part := range parts {
		if part == "_history" {
			parts = parts[:i]
			break
		}
	}
	if n := len(parts); n >= 2 && definition.R4().ResourceType(parts[n-2]) != nil && parts[n-1] != "" {
		if parts[n-2] == "Binary" {
			return ""
		}
		return parts[n-2] + "/" + k.ID(parts[n-1])
	}
	return ""
}

// attachment keeps plain text with surrogates; other content goes.
func (w *rewriting) attachment(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject()
	for _, name := range []string{"contentType", "language"} {
		if n := v.Get(name); n != nil && n.Kind() == fhir.String {
			out.Set(name, n)
		}
	}
	if title := v.Str("title"); title != "" {
		clean, _ := w.Text(title)
		out.Set("title", fhir.NewString(clean))
	}
	if created := w.date(v.Str("creation")); created != "" {
		out.Set("creation", fhir.NewString(created))
	}
	if id, ok := strings.CutPrefix(v.Str("url"), "Binary/"); ok && w.key.files[id] {
		out.Set("url", fhir.NewString(w.key.file(id)))
		out.Set("contentType", fhir.NewString("application/pdf"))
	}
	if data := v.Str("data"); data != "" && strings.HasPrefix(v.Str("contentType"), "text/plain") {
		if text, err := base64.StdEncoding.DecodeString(data); err == nil {
			clean, _ := w.Text(string(text))
			out.Set("data", fhir.NewString(base64.StdEncoding.EncodeToString([]byte(clean))))
		}
	}
	if len(out.Members()) == 0 {
		return nil
	}
	return out
}

func (w *rewriting) extension(v *fhir.Node) *fhir.Node {
	url := v.Str("url")
	if !extensions[url] {
		return nil
	}
	return w.known(v)
}

// known rewrites an extension that may stay, and those in it.
func (w *rewriting) known(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject("url", v.Str("url"))
	shape := definition.R4().Type("Extension").Root
	inner := fhir.NewArray()
	for _, x := range v.Get("extension").Items() {
		if !cut[x.Str("url")] {
			inner.Append(w.known(x))
		}
	}
	if len(inner.Items()) > 0 {
		out.Set("extension", inner)
	}
	for _, m := range v.Members() {
		if e, t := shape.Property(m.Name); e != nil && e.Choice {
			if n := w.value(m.Value, e, t, "Extension.value"); n != nil {
				out.Set(m.Name, n)
			}
		}
	}
	return out
}

// meta keeps versions, profiles, tags and labels; the server's own times and sources go.
func (w *rewriting) meta(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject()
	if n := v.Get("versionId"); n != nil && n.Kind() == fhir.String {
		out.Set("versionId", n)
	}
	for _, name := range []string{"profile", "security", "tag"} {
		list := fhir.NewArray()
		for _, n := range v.Get(name).Items() {
			if name == "profile" && public(n.Text()) {
				list.Append(n)
			} else if n.Kind() == fhir.Object {
				list.Append(w.coding(n))
			}
		}
		if len(list.Items()) > 0 {
			out.Set(name, list)
		}
	}
	if len(out.Members()) == 0 {
		return nil
	}
	return out
}

// coding keeps codes of public systems as they are; what a display of another system says is text.
func (w *rewriting) coding(v *fhir.Node) *fhir.Node {
	out := fhir.NewObject()
	system := v.Str("system")
	for _, name := range []string{"system", "version", "code", "display"} {
		n := v.Get(name)
		if n == nil || n.Kind() != fhir.String {
			continue
		}
		if name == "display" && !public(system) {
			clean, _ := w.Text(n.Text())
			n = fhir.NewString(clean)
		}
		out.Set(name, n)
	}
	if n := v.Get("userSelected"); n != nil {
		out.Set("userSelected", n)
	}
	return out
}

// concept keeps a text that is the name of one of its codes of public systems: it names a thing, not a
// person, whatever its words look like.
func (w *rewriting) concept(v *fhir.Node, shape *definition.Element) *fhir.Node {
	out := w.object(v, shape, "CodeableConcept")
	text := v.Get("text")
	if out == nil || text == nil || text.Kind() != fhir.String {
		return out
	}
	for _, c := range v.Get("coding").Items() {
		if public(c.Str("system")) && c.Str("code") != "" && strings.EqualFold(c.Str("display"), text.Text()) {
			out.Set("text", text)
		}
	}
	return out
}

// age brings ages over 89 into one.
func (w *rewriting) age(v *fhir.Node, e *definition.Element, t *definition.Type, path string) *fhir.Node {
	out := w.object(v, e.Shape(t), path)
	if n, err := strconv.ParseFloat(v.Get("value").Text(), 64); out != nil && err == nil && n > 89 && (v.Str("code") == "a" || v.Str("code") == "") {
		out.Set("value", fhir.NewNumber("90"))
	}
	return out
}
