package rest

import (
	"slices"
	"strconv"

	"chartlake/audit"
	"chartlake/fhir"
	"chartlake/fhirmap"
)

// Code systems of an AuditEvent (http://hl7.org/fhir/R4/auditevent.html).
const (
	systemDICOM       = "http://dicom.nema.org/resources/ontology/DCM"
	systemEventType   = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	systemInteraction = "http://hl7.org/fhir/restful-interaction"
	systemSource      = "http://terminology.hl7.org/CodeSystem/security-source-type"
	systemEntityType  = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	systemEntityRole  = "http://terminology.hl7.org/CodeSystem/object-role"
	systemResource    = "http://hl7.org/fhir/resource-types"
	// systemBALP has the entity type of a request id (https://profiles.ihe.net/ITI/BALP).
	systemBALP = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"

	systemActor    = fhirmap.Base + "/sid/actor"
	systemDocument = fhirmap.Base + "/sid/document"
	systemVia      = fhirmap.Base + "/CodeSystem/audit-operation"
)

func coding(system, code, display string) *fhir.Node {
	return fhir.NewObject("system", system, "code", code, "display", display)
}

// auditEvent shows an event of the trail as an AuditEvent: who, what, when, how it ended, whose
// data it was, and everything that was touched. It has no more than the trail: no values, and for
// an id that names nothing here, a hash.
func auditEvent(e *audit.Event) *fhir.Node {
	var action, refusal *fhir.Node
	if len(e.Steps) > 0 {
		action = fhir.NewString(e.Steps[0].Action.Code())
	}
	if e.Code != "" {
		refusal = fhir.NewString(e.Code)
	}
	n := fhir.NewObject("resourceType", "AuditEvent", "id", strconv.FormatInt(e.Seq, 10),
		"meta", fhir.NewObject("versionId", "1", "lastUpdated", instant(e.At)),
		"type", auditType(e), "subtype", auditSubtypes(e), "action", action, "recorded", instant(e.At),
		"outcome", string(e.Outcome), "outcomeDesc", refusal)
	who := fhir.NewObject("requestor", true)
	if e.Actor != "" {
		who = fhir.NewObject("who", fhir.NewObject("identifier", fhir.NewObject("system", systemActor, "value", e.Actor)), "altId", e.Actor, "requestor", true)
	}
	n.Set("agent", fhir.NewArray(who))
	n.Set("source", fhir.NewObject("observer", fhir.NewObject("display", "Chartlake"), "type", []*fhir.Node{coding(systemSource, "4", "Application Server")}))
	if entities := auditEntities(e); len(entities) > 0 {
		n.Set("entity", fhir.NewArray(entities...))
	}
	return n
}

// ofDocuments are the actions on documents, which no RESTful interaction is.
func ofDocuments(a audit.Action) bool {
	return a == audit.Receive || a == audit.Move || a == audit.Record
}

// auditType is what kind of event it was: the arrival of a document, work on documents, else a
// RESTful operation.
func auditType(e *audit.Event) *fhir.Node {
	is := func(of func(audit.Action) bool) bool {
		return slices.ContainsFunc(e.Steps, func(s audit.Step) bool { return of(s.Action) })
	}
	switch {
	case is(func(a audit.Action) bool { return a == audit.Receive }):
		return coding(systemDICOM, "110107", "Import")
	case is(ofDocuments):
		return coding(systemDICOM, "110110", "Patient Record")
	}
	return coding(systemEventType, "rest", "RESTful Operation")
}

// interactionsOf has the RESTful interaction of an action.
var interactionsOf = map[audit.Action]string{audit.Create: "create", audit.Update: "update", audit.Delete: "delete", audit.Read: "read", audit.VRead: "vread",
	audit.History: "history", audit.Search: "search", audit.Operate: "operation"}

// auditSubtypes are the interactions of the event, each once, and the operation that it was done
// through.
func auditSubtypes(e *audit.Event) (list []*fhir.Node) {
	var seen []audit.Action
	for _, s := range e.Steps {
		if slices.Contains(seen, s.Action) {
			continue
		}
		seen = append(seen, s.Action)
		if code := interactionsOf[s.Action]; code != "" {
			list = append(list, fhir.NewObject("system", systemInteraction, "code", code))
		} else {
			list = append(list, fhir.NewObject("system", systemVia, "code", string(s.Action)))
		}
	}
	if e.Via != "" {
		list = append(list, fhir.NewObject("system", systemVia, "code", e.Via))
	}
	return list
}

// auditEntities are the patients, what was asked, everything that was touched, and the request.
func auditEntities(e *audit.Event) (list []*fhir.Node) {
	add := func(what *fhir.Node, kind *fhir.Node, role, says string, detail []*fhir.Node) {
		list = append(list, fhir.NewObject("what", what, "type", kind, "role", coding(systemEntityRole, role, says), "detail", detail))
	}
	person := coding(systemEntityType, "1", "Person")
	for _, p := range e.Patients {
		add(auditReference("Patient", p, 0), person, "1", "Patient", nil)
	}
	for i := range e.Steps {
		s := &e.Steps[i]
		if len(s.Names) > 0 {
			var detail []*fhir.Node
			for _, name := range s.Names {
				detail = append(detail, fhir.NewObject("type", "parameter", "valueString", name))
			}
			add(nil, coding(systemEntityType, "2", "System Object"), "24", "Query", detail)
		}
		for _, t := range s.Targets {
			if t.Type == "document" || t.Type == "record" || t.Type == "stage" {
				what := fhir.NewObject("identifier", fhir.NewObject("system", systemDocument, "value", t.ID), "display", t.Type)
				add(what, coding(systemEntityType, "2", "System Object"), "3", "Report", nil)
			} else {
				add(auditReference(t.Type, t.ID, t.Version), fhir.NewObject("system", systemResource, "code", t.Type), "4", "Domain Resource", nil)
			}
		}
	}
	if e.RequestID != "" {
		what := fhir.NewObject("identifier", fhir.NewObject("value", e.RequestID))
		list = append(list, fhir.NewObject("what", what, "type", fhir.NewObject("system", systemBALP, "code", "XrequestId")))
	}
	return list
}

// auditReference names a resource; what is no id (a hash of one) stands as identifier.
func auditReference(typ, id string, version int) *fhir.Node {
	switch {
	case id == "":
		return fhir.NewObject("type", typ)
	case !validID(id):
		return fhir.NewObject("type", typ, "identifier", fhir.NewObject("value", id))
	case version > 0:
		return fhir.NewObject("reference", typ+"/"+id+"/_history/"+strconv.Itoa(version))
	}
	return fhir.NewObject("reference", typ+"/"+id)
}
