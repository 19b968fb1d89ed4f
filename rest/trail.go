package rest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// auditResource is the resource type that is no resource of the store: it shows the audit trail.
const auditResource = "AuditEvent"

// auditReadOnly refuses what would change the trail.
func auditReadOnly() error {
	return fault.New(fault.Unsupported, "audit_read_only", "the audit trail is written by the server alone; AuditEvent takes GET, and POST _search")
}

// auditParams are what the trail is searched by, with their kinds.
var auditParams = []struct {
	name, definition string
	kind             search.Kind
	says             string
}{
	{"_id", "http://hl7.org/fhir/SearchParameter/Resource-id", search.KindToken, ""},
	{"date", "http://hl7.org/fhir/SearchParameter/clinical-date", search.KindDate, "prefixes eq, ge, gt, le, lt, sa, eb"},
	{"patient", "http://hl7.org/fhir/SearchParameter/clinical-patient", search.KindReference, "whose data it was"},
	{"agent", "http://hl7.org/fhir/SearchParameter/AuditEvent-agent", search.KindReference, "the name that the server knows an actor by, also with :identifier"},
	{"altid", "http://hl7.org/fhir/SearchParameter/AuditEvent-altid", search.KindToken, "as agent"},
	{"entity", "http://hl7.org/fhir/SearchParameter/AuditEvent-entity", search.KindReference, "Type/id; with :identifier a document's hash or a request's id"},
	{"action", "http://hl7.org/fhir/SearchParameter/AuditEvent-action", search.KindToken, "of what was done first"},
	{"outcome", "http://hl7.org/fhir/SearchParameter/AuditEvent-outcome", search.KindToken, ""},
}

// trail is AuditEvent/id, AuditEvent?…, AuditEvent/_search and Patient/id/AuditEvent: the audit
// trail itself, newest first. It is for who may see it (smart.Audit), never for who is confined to
// patients, and looking at it stands in it.
func (s *server) trail(c *call) (*reply, error) {
	p, get := c.parts, c.method == http.MethodGet || c.method == http.MethodHead
	posted := c.method == http.MethodPost && p[len(p)-1] == "_search"
	if !get && !posted {
		return nil, auditReadOnly()
	}
	actor, err := s.Actor(c.http, smart.Audit, auditResource)
	if err != nil {
		return nil, err
	}
	// What this process knows of comes first, so that nobody misses what they have just done.
	if err := s.Store.Trail().Flush(c.ctx); err != nil {
		return nil, err
	}
	switch {
	case len(p) == 1 && get, len(p) == 2 && posted:
		return s.auditSearch(c, actor, auditResource, nil)
	case len(p) == 2 || len(p) == 4 && p[2] == "_history" && p[3] == "1":
		if p[0] == auditResource {
			return s.auditRead(c, actor)
		}
	case p[0] == "Patient" && (len(p) == 3 || posted):
		return s.auditSearch(c, actor, strings.Join(p[:3], "/"), []search.Pair{{Name: "patient", Value: p[1]}})
	}
	return nil, fault.New(fault.NotFound, "unknown_address", "there is nothing at this address")
}

func (s *server) auditRead(c *call, actor store.Actor) (*reply, error) {
	none := fault.New(fault.NotFound, "not_found", "there is no such event")
	seq, err := strconv.ParseInt(c.parts[1], 10, 64)
	if err != nil || seq < 1 {
		return nil, none
	}
	var page *audit.Page
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		page, err = v.Events(audit.Query{Seq: seq, Limit: 1})
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(page.Events) == 0:
		return nil, none
	}
	v := auditVersion(&page.Events[0])
	return &reply{status: http.StatusOK, version: v, content: content{v.Resource}}, nil
}

func auditVersion(e *audit.Event) *store.Version {
	n := auditEvent(e)
	return &store.Version{Key: store.Key{Type: auditResource, ID: n.ID()}, Version: 1, At: e.At, Resource: n}
}

// auditPosition is where a page of the trail ended.
type auditPosition struct{ Before int64 }

func (s *server) auditSearch(c *call, actor store.Actor, address string, also []search.Pair) (*reply, error) {
	var ask *auditAsk
	page, next := &store.SearchPage{}, ""
	err := s.Store.View(c.ctx, actor, func(v store.View) (err error) {
		if err := c.unsealQuery(v, address); err != nil {
			return err
		}
		if ask, err = s.auditQuery(c, also); err != nil || ask.none {
			return err
		}
		about := auditAbout(ask.used)
		if ask.cursor != "" {
			var at auditPosition
			plain, err := v.Unseal(ask.cursor, about)
			if err == nil && json.Unmarshal(plain, &at) != nil {
				err = fault.New(fault.Invalid, "bad_cursor", "the page token is not of this store")
			}
			if err != nil {
				return err
			}
			ask.query.Before = at.Before
		}
		found, err := v.Events(ask.query)
		if err != nil {
			return err
		}
		for i := range found.Events {
			page.Matches = append(page.Matches, *auditVersion(&found.Events[i]))
		}
		if found.Next != 0 {
			plain, err := json.Marshal(auditPosition{found.Next})
			if err != nil {
				return err
			}
			next = s.nextURL(c, v, address, ask.used, v.Seal(plain, about))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q := &search.Query{Used: ask.used, Ignored: ask.ignored, Summary: ask.summary, Elements: ask.elements,
		UnknownElements: search.R4().UnknownElements([]string{auditResource}, ask.elements)}
	return &reply{status: http.StatusOK, content: content{s.searchset(address, q, page, next)}}, nil
}

// auditAbout binds a page token to its query.
func auditAbout(used []search.Pair) string {
	text := auditResource
	for _, p := range used {
		text += "\x00" + p.Name + "\x00" + p.Value
	}
	return text
}

// auditAsk is what a client asks of the trail.
type auditAsk struct {
	query         audit.Query
	none          bool // what is asked for cannot be there
	cursor        string
	used, ignored []search.Pair
	summary       string
	elements      []string
}

func (s *server) auditQuery(c *call, also []search.Pair) (*auditAsk, error) {
	a := &auditAsk{}
	for _, p := range also {
		if err := a.take(s, p); err != nil {
			return nil, err
		}
	}
	for _, p := range c.query {
		switch p.Name {
		case "_format", "_pretty":
			continue
		case "_cursor":
			a.cursor = p.Value
			continue
		}
		err := a.take(s, p)
		if f := fault.As(err); f != nil && f.Code == "unknown_parameter" && c.prefer.lenient {
			a.ignored = append(a.ignored, p)
			continue
		}
		if err != nil {
			return nil, err
		}
		a.used = append(a.used, p)
	}
	return a, nil
}

func badAudit(name, takes string) error {
	return fault.New(fault.Invalid, "bad_value", "%s takes %s", name, takes)
}

// take reads one parameter.
func (a *auditAsk) take(s *server, p search.Pair) (err error) {
	q := &a.query
	switch p.Name {
	case "_id":
		if q.Seq, err = strconv.ParseInt(p.Value, 10, 64); err != nil || q.Seq < 1 {
			a.none = true
		}
	case "date":
		return a.date(p.Value)
	case "patient", "patient:Patient":
		id := strings.TrimPrefix(strings.TrimPrefix(p.Value, s.Base+"/"), "Patient/")
		if !validID(id) {
			return badAudit("patient", "the id of a patient")
		}
		a.one(&q.Patient, id)
	case "agent", "agent:identifier", "altid":
		if a.one(&q.Actor, afterBar(p.Value)); p.Value == "" || strings.Contains(p.Value, ",") {
			return badAudit(p.Name, "one actor")
		}
	case "entity":
		local := strings.TrimPrefix(p.Value, s.Base+"/")
		typ, id, ok := strings.Cut(local, "/")
		if !ok || !search.R4().Knows(typ) || !validID(id) {
			return badAudit("entity", "a reference Type/id")
		}
		if typ == "Patient" && q.Patient == "" {
			q.Patient = id // has an index
		}
		a.none = a.none || q.Target.ID != "" && q.Target != audit.Target{Type: typ, ID: id}
		q.Target = audit.Target{Type: typ, ID: id}
	case "entity:identifier":
		switch value := afterBar(p.Value); {
		case value == "":
			return badAudit(p.Name, "the hash of a document or the id of a request")
		case strings.HasPrefix(p.Value, systemDocument+"|"):
			a.one(&q.Document, value)
		default:
			a.one(&q.RequestID, value)
		}
	case "action":
		for _, code := range strings.Split(p.Value, ",") {
			if code = afterBar(code); !slices.Contains([]string{"C", "R", "U", "D", "E"}, code) {
				return badAudit("action", "C, R, U, D and E")
			}
			q.Codes = append(q.Codes, code)
		}
	case "outcome":
		for _, code := range strings.Split(p.Value, ",") {
			if code = afterBar(code); !slices.Contains([]string{"0", "4", "8", "12"}, code) {
				return badAudit("outcome", "0, 4, 8 and 12")
			}
			q.Outcomes = append(q.Outcomes, audit.Outcome(code))
		}
	case "_count":
		if q.Limit, err = strconv.Atoi(p.Value); err != nil || q.Limit < 0 {
			return badAudit("_count", "a number")
		}
		a.none = a.none || q.Limit == 0
	case "_sort":
		if p.Value != "-date" && p.Value != "-_lastUpdated" {
			return fault.New(fault.Unsupported, "sort_unsupported", "the trail is given newest first: _sort=-date")
		}
	case "_summary":
		if a.summary = p.Value; p.Value == "count" || !(&shape{}).summary(p.Value) {
			return badAudit("_summary", "true, text, data and false")
		}
	case "_elements":
		a.elements = append(a.elements, p.Value)
	case "_total":
		if p.Value != "none" {
			return fault.New(fault.Invalid, "total_unsupported", "the trail is not counted: _total=none")
		}
	default:
		return fault.New(fault.Invalid, "unknown_parameter", "the audit trail has no such parameter")
	}
	return nil
}

// one sets what can only have one value; two different ones match nothing.
func (a *auditAsk) one(at *string, value string) {
	a.none = a.none || *at != "" && *at != value
	*at = value
}

// afterBar is the value of system|value.
func afterBar(text string) string {
	if i := strings.LastIndexByte(text, '|'); i >= 0 {
		return text[i+1:]
	}
	return text
}

// date narrows the time by a date with its prefix (http://hl7.org/fhir/R4/search.html#prefix).
func (a *auditAsk) date(value string) error {
	prefix := "eq"
	if len(value) > 2 && value[0] >= 'a' && value[0] <= 'z' {
		prefix, value = value[:2], value[2:]
	}
	r, ok := search.ParseMoment(value)
	if !ok {
		return badAudit("date", "a date or an instant, with a prefix")
	}
	lo, hi := time.UnixMilli(r.Lo).UTC(), time.UnixMilli(r.Hi).UTC()
	since := func(t time.Time) {
		if t.After(a.query.Since) {
			a.query.Since = t
		}
	}
	until := func(t time.Time) {
		if a.query.Until.IsZero() || t.Before(a.query.Until) {
			a.query.Until = t
		}
	}
	switch prefix {
	case "eq":
		since(lo)
		until(hi)
	case "ge":
		since(lo)
	case "gt", "sa":
		since(hi)
	case "le":
		until(hi)
	case "lt", "eb":
		until(lo)
	default:
		return badAudit("date", "the prefixes eq, ge, gt, le, lt, sa and eb")
	}
	return nil
}

// auditCapability is what the CapabilityStatement says of the trail.
func (s *server) auditCapability() *fhir.Node {
	var params []*fhir.Node
	for _, p := range auditParams {
		params = append(params, fhir.NewObject("name", p.name, "definition", p.definition, "type", string(p.kind), "documentation", p.says))
	}
	return fhir.NewObject("type", auditResource, "documentation", "the server's audit trail, newest first; nobody writes it, and who is confined to patients does not see it",
		"interaction", interactions([]string{"read", "search-type"}), "versioning", "no-version", "operation", s.operationsOf(auditResource), "searchParam", params)
}
