package rest

import (
	"net/http"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
)

// Interactions of http://hl7.org/fhir/R4/valueset-type-restful-interaction.html that the
// routes of this package have; a test sends one request per line.
var (
	typeInteractions   = []string{"read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"}
	systemInteractions = []string{"transaction", "batch", "search-system", "history-system"}
)

// capabilities is GET metadata.
func (s *server) capabilities(c *call) (*reply, error) {
	if _, err := s.Actor(c.http, smart.Read, ""); err != nil {
		return nil, err
	}
	for _, p := range c.query {
		if p.Name == "mode" && p.Value != "full" && p.Value != "normative" {
			return nil, fault.New(fault.Unsupported, "mode_unsupported", "metadata has the modes full and normative")
		}
	}
	return &reply{status: http.StatusOK, content: content{s.declare()}}, nil
}

// declared is the CapabilityStatement of the parameters that it was made for.
type declared struct {
	catalogue *search.Catalogue
	statement *fhir.Node
}

// declare gives the CapabilityStatement, made once for each state of the search parameters.
func (s *server) declare() *fhir.Node {
	catalogue := s.Store.Catalogue()
	if d := s.declared.Load(); d != nil && d.catalogue == catalogue {
		return d.statement
	}
	d := &declared{catalogue, s.capabilityStatement(catalogue)}
	s.declared.Store(d)
	return d.statement
}

func (s *server) capabilityStatement(catalogue *search.Catalogue) *fhir.Node {
	var resources []*fhir.Node
	for _, typ := range search.R4().Types() {
		if typ == auditResource {
			resources = append(resources, s.auditCapability())
			continue
		}
		resources = append(resources, s.resourceCapability(catalogue, typ))
	}
	rest := fhir.NewObject("mode", "server", "resource", resources, "interaction", interactions(systemInteractions), "operation", s.operationsOf(""),
		"searchParam", []*fhir.Node{searchCapability("_id", search.KindToken, "", search.Not), searchCapability("_lastUpdated", search.KindDate, "")})
	return fhir.NewObject("resourceType", "CapabilityStatement", "status", "active", "date", instant(s.started), "kind", "instance",
		"software", fhir.NewObject("name", "Chartlake", "version", s.Version),
		"implementation", fhir.NewObject("description", "Chartlake FHIR API", "url", s.Base),
		"fhirVersion", "4.0.1", "format", texts("json", fhirJSON),
		"patchFormat", texts("application/json-patch+json", fhirJSON), "rest", []*fhir.Node{rest})
}

func texts(list ...string) []*fhir.Node {
	out := make([]*fhir.Node, len(list))
	for i, s := range list {
		out[i] = fhir.NewString(s)
	}
	return out
}

func interactions(codes []string) []*fhir.Node {
	var list []*fhir.Node
	for _, code := range codes {
		list = append(list, fhir.NewObject("code", code))
	}
	return list
}

func (s *server) resourceCapability(catalogue *search.Catalogue, typ string) *fhir.Node {
	params := []*fhir.Node{searchCapability("_id", search.KindToken, "http://hl7.org/fhir/SearchParameter/Resource-id", search.Not),
		searchCapability("_lastUpdated", search.KindDate, "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated"),
		fullTextCapability(catalogue.WordIndex(typ, search.ContentText), search.ContentText, "http://hl7.org/fhir/SearchParameter/Resource-content")}
	if typ != "Binary" && typ != "Bundle" && typ != "Parameters" {
		params = append(params, fullTextCapability(catalogue.WordIndex(typ, search.NarrativeText), search.NarrativeText, "http://hl7.org/fhir/SearchParameter/DomainResource-text"))
	}
	var includes []string
	for _, p := range catalogue.Params(typ) {
		if !p.Usable() {
			continue // it is being indexed
		}
		params = append(params, searchCapability(p.Code, p.Kind, p.URL, catalogue.Modifiers(p)...))
		if p.Kind == search.KindReference {
			includes = append(includes, typ+":"+p.Code)
		}
	}
	return fhir.NewObject("type", typ, "interaction", interactions(typeInteractions), "versioning", "versioned-update",
		"readHistory", true, "updateCreate", true, "conditionalCreate", true, "conditionalRead", "full-support",
		"conditionalUpdate", true, "conditionalDelete", "single", "referencePolicy", texts("literal", "logical", "local"),
		"operation", s.operationsOf(typ), "searchInclude", texts(includes...), "searchParam", params)
}

// fullTextCapability declares a search of texts, which mostly have no index.
func fullTextCapability(by *search.Param, code, url string) *fhir.Node {
	text := "words, joined by and, or, and parentheses"
	if by == nil {
		text += "; resources are read for it, so other parameters must leave few enough"
	}
	return fhir.NewObject("name", code, "definition", url, "type", "string", "documentation", text)
}

// searchCapability says what a parameter can; the modifiers are not part of R4's statement
// and stand in its documentation.
func searchCapability(code string, kind search.Kind, url string, modifiers ...search.Modifier) *fhir.Node {
	text := ""
	for i, m := range modifiers {
		if i > 0 {
			text += ", "
		}
		text += ":" + string(m)
	}
	if text != "" {
		text = "modifiers: " + text
	}
	return fhir.NewObject("name", code, "definition", url, "type", string(kind), "documentation", text)
}
