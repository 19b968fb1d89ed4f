package rest

import (
	"net/http"
	"slices"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
)

// operation is one that the routes know (http://hl7.org/fhir/R4/operations.html).
type operation struct {
	name       string // with $
	definition string
	types      []string // nil: every type
	onSystem   bool     // $name
	onType     bool     // Type/$name
	onInstance bool     // Type/id/$name
	onVersion  bool     // Type/id/_history/n/$name
	// reads: changes nothing, so that GET does too. An operation on a type whose input is
	// a resource takes POST alone there.
	reads bool
	bulk  bool   // needs Config.Bulk
	note  string // what a client must know beyond the definition
	run   func(*server, *call) (*reply, error)
}

// operations are all operations; the CapabilityStatement is made from them.
func operations() []operation {
	const defined = "http://hl7.org/fhir/OperationDefinition/"
	const bulkDefined = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
	const own = "https://chartlake.dev/fhir/OperationDefinition/"
	return []operation{
		{name: "$validate", definition: defined + "Resource-validate", onType: true, onInstance: true, reads: true, run: (*server).validate},
		{name: "$everything", definition: defined + "Patient-everything", types: []string{"Patient"}, onInstance: true, reads: true,
			note: "on one patient; _since, _type and _count", run: (*server).everything},
		{name: "$everything", definition: defined + "Encounter-everything", types: []string{"Encounter"}, onInstance: true, reads: true, run: (*server).everything},
		{name: "$lastn", definition: defined + "Observation-lastn", types: []string{"Observation"}, onType: true, reads: true,
			note: "no paging, no order of the client's; ties beyond max are left out", run: (*server).lastn},
		{name: "$match", definition: defined + "Patient-match", types: []string{"Patient"}, onType: true,
			note: "found by identifier, birth date and name; each match has its grade and the reasons", run: (*server).match},
		{name: "$document", definition: defined + "Composition-document", types: []string{"Composition"}, onInstance: true, reads: true,
			note: "of one composition; GET unless persist", run: (*server).document},
		{name: "$expand", definition: defined + "ValueSet-expand", types: []string{"ValueSet"}, onType: true, onInstance: true, reads: true,
			note: "by url, valueSet or id; filter, offset, count; what stands on code systems that are not here is refused", run: (*server).expand},
		{name: "$validate-code", definition: defined + "ValueSet-validate-code", types: []string{"ValueSet"}, onType: true, onInstance: true, reads: true, run: (*server).validateCode},
		{name: "$validate-code", definition: defined + "CodeSystem-validate-code", types: []string{"CodeSystem"}, onType: true, onInstance: true, reads: true, run: (*server).validateCode},
		{name: "$lookup", definition: defined + "CodeSystem-lookup", types: []string{"CodeSystem"}, onType: true, reads: true, run: (*server).lookup},
		{name: "$reindex", definition: "https://chartlake.dev/fhir/OperationDefinition/reindex", onSystem: true, onType: true, onInstance: true, reads: true,
			note: "POST begins to index resources again, everything or those of type; GET on the system shows how far that is", run: (*server).reindex},
		{name: "$export", definition: bulkDefined + "export", onSystem: true, reads: true, bulk: true,
			note: "answered by a job; _type, _since, _typeFilter, _elements and _outputFormat", run: (*server).export},
		{name: "$export", definition: bulkDefined + "patient-export", types: []string{"Patient"}, onType: true, reads: true, bulk: true,
			note: "what is in the compartments of patients; else as on the system", run: (*server).export},
		{name: "$export", definition: bulkDefined + "group-export", types: []string{"Group"}, onInstance: true, reads: true, bulk: true,
			note: "what is in the compartments of the group's patients; else as on the system", run: (*server).export},
		{name: "$import", definition: "https://chartlake.dev/fhir/OperationDefinition/import", onSystem: true, bulk: true,
			note: "answered by a job; Parameters with input (url, type), mode and inputFormat, or the resources as application/fhir+ndjson, several files as multipart/mixed", run: (*server).load},
		{name: "$viewdefinition-run", definition: "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run", onSystem: true,
			note: "viewResource, resource, _format (ndjson, csv, parquet) and _limit; nothing is stored", run: (*server).runView},
		{name: "$meta", definition: defined + "Resource-meta", onInstance: true, onVersion: true, reads: true, note: "of one resource or version", run: (*server).meta},
		{name: "$meta-add", definition: defined + "Resource-meta-add", onInstance: true, note: "makes a new version of the resource", run: (*server).metaAdd},
		{name: "$meta-delete", definition: defined + "Resource-meta-delete", onInstance: true, note: "makes a new version of the resource", run: (*server).metaDelete},
		{name: "$erase", definition: own + "erase", onInstance: true, note: "takes the resource out for good, with all versions; a Patient with all of its compartment, documents and key; cannot be undone", run: (*server).erase},
		{name: "$purge", definition: own + "erase", types: []string{"Patient"}, onInstance: true, note: "the same as $erase of the Patient", run: (*server).erase},
	}
}

// operation finds an operation by the last part of the path.
func (s *server) operation(c *call) (*reply, error) {
	if len(c.parts) == 2 && c.parts[0] == "ViewDefinition" && c.parts[1] == "$viewdefinition-run" {
		c.parts = c.parts[1:] // not a type of R4
	}
	last := len(c.parts) - 1
	for _, o := range operations() {
		if o.name != c.parts[last] || o.bulk && s.Bulk == nil || !o.at(c.parts) || last > 0 && (!search.R4().Knows(c.parts[0]) || o.types != nil && !slices.Contains(o.types, c.parts[0])) {
			continue
		}
		get := o.reads && c.method == http.MethodGet && !(last == 1 && o.name == "$validate")
		allow := "POST"
		if o.reads {
			allow = "GET, POST"
		}
		return only(get || c.method == http.MethodPost, allow, c, func(c *call) (*reply, error) {
			c.ctx = audit.Within(c.ctx, o.name)
			return o.run(s, c)
		})
	}
	return nil, fault.New(fault.NotFound, "unknown_operation", "there is no operation of this name here")
}

// at reports whether the operation exists at this kind of address.
func (o *operation) at(parts []string) bool {
	switch len(parts) {
	case 1:
		return o.onSystem
	case 2:
		return o.onType
	case 3:
		return o.onInstance
	case 5:
		return o.onVersion && parts[2] == "_history"
	}
	return false
}

// operationsOf are the operations of a type, or of the system (""), as the CapabilityStatement shows them.
func (s *server) operationsOf(typ string) []*fhir.Node {
	var list []*fhir.Node
	for _, o := range operations() {
		if o.bulk && s.Bulk == nil {
			continue
		}
		if typ == "" && o.onSystem || typ != "" && (o.onType || o.onInstance || o.onVersion) && (o.types == nil || slices.Contains(o.types, typ)) {
			list = append(list, fhir.NewObject("name", strings.TrimPrefix(o.name, "$"), "definition", o.definition, "documentation", o.note))
		}
	}
	return list
}

// inputs are the simple parameters of an operation: of the query, and of the Parameters
// resource in the body by their primitive value.
func (c *call) inputs() ([]search.Pair, error) {
	list := slices.Clone(c.query)
	if len(c.body) == 0 {
		return list, nil
	}
	n, err := c.resource()
	if err != nil {
		return nil, err
	}
	if n.Type() != "Parameters" {
		return nil, fault.New(fault.Invalid, "not_parameters", "the operation takes its input as Parameters")
	}
	for _, p := range n.Get("parameter").Items() {
		for _, m := range p.Members() {
			if strings.HasPrefix(m.Name, "value") && m.Value.Kind() != fhir.Object && m.Value.Kind() != fhir.Array {
				list = append(list, search.Pair{Name: p.Str("name"), Value: m.Value.Text()})
			}
		}
	}
	return list, nil
}
