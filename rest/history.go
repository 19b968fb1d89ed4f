package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// history is GET Type/id/_history, Type/_history and _history.
func (s *server) history(c *call) (*reply, error) {
	q := store.HistoryQuery{}
	if len(c.parts) > 1 {
		q.Type = c.parts[0]
	}
	if len(c.parts) > 2 {
		q.ID = c.parts[1]
	}
	actor, err := s.Actor(c.http, smart.Read, q.Type)
	if err != nil {
		return nil, err
	}
	used, sh, err := historyQuery(c, &q)
	if err != nil {
		return nil, err
	}
	untold := slices.ContainsFunc(used, func(p search.Pair) bool { return p.Name == "_total" && p.Value == "none" })
	var page *store.HistoryPage
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		page, err = v.History(q)
		return err
	})
	if err != nil {
		return nil, err
	}
	var entries []*fhir.Node
	for i := range page.Versions {
		entries = append(entries, s.versionEntry(&page.Versions[i], sh))
	}
	if q.Count == 0 && len(used) > 0 && has(used, "_count") {
		entries = nil // _count=0 asks for the total only
	}
	var total *fhir.Node
	if page.Total != nil && !untold {
		total = fhir.NewInt(*page.Total)
	}
	path := s.Base + "/" + strings.Join(c.parts, "/")
	links := []*fhir.Node{link("self", historyURL(path, used, q.Cursor))}
	if page.Next != "" && entries != nil {
		links = append(links, link("next", historyURL(path, used, page.Next)))
	}
	return &reply{status: http.StatusOK, content: content{s.newBundle("history", total, links, entries)}}, nil
}

func has(pairs []search.Pair, name string) bool {
	for _, p := range pairs {
		if p.Name == name {
			return true
		}
	}
	return false
}

// historyQuery reads the parameters of a history.
func historyQuery(c *call, q *store.HistoryQuery) (used []search.Pair, sh shape, err error) {
	for _, p := range c.query {
		ok := true
		switch p.Name {
		case "_format", "_pretty":
			continue
		case "_count":
			q.Count, err = strconv.Atoi(p.Value)
			ok = err == nil && q.Count >= 0
			q.Count = min(q.Count, search.MaxCount)
		case "_since":
			q.Since, ok = moment(p.Value)
		case "_at":
			q.At, ok = moment(p.Value)
		case "_cursor":
			q.Cursor = p.Value
			continue
		case "_total":
			ok = p.Value == "none" || p.Value == "estimate" || p.Value == "accurate"
		case "_elements":
			sh.elements(p.Value)
		case "_summary":
			ok = p.Value != "count" && sh.summary(p.Value)
		default:
			if c.prefer.lenient {
				continue
			}
			return nil, sh, fault.New(fault.Invalid, "unknown_parameter", "a history has no such parameter")
		}
		if !ok {
			return nil, sh, fault.New(fault.Invalid, "bad_result_parameter", "%s has a value of the wrong form", p.Name)
		}
		used = append(used, p)
	}
	return used, sh, nil
}

// moment reads a date or instant as its first millisecond, in UTC where it has no zone.
func moment(text string) (time.Time, bool) {
	r, ok := search.ParseMoment(text)
	if !ok {
		return time.Time{}, false
	}
	return time.UnixMilli(r.Lo).UTC(), true
}

// versionEntry shows a version with the interaction that made it.
func (s *server) versionEntry(v *store.Version, sh shape) *fhir.Node {
	method, target, status := "PUT", v.Key.String(), "200 OK"
	switch v.Op {
	case store.OpCreate:
		status = "201 Created"
		if v.Version == 1 {
			method, target = "POST", v.Key.Type
		}
	case store.OpDelete:
		method, status = "DELETE", "204 No Content"
	}
	var resource *fhir.Node
	if v.Resource != nil {
		resource = sh.apply(v.Resource)
	}
	return fhir.NewObject("fullUrl", s.Base+"/"+v.Key.String(), "resource", resource,
		"request", fhir.NewObject("method", method, "url", target),
		"response", fhir.NewObject("status", status, "etag", etag(v), "lastModified", instant(v.At)))
}

func historyURL(path string, used []search.Pair, cursor string) string {
	var parts []string
	for _, p := range used {
		parts = append(parts, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
	}
	if cursor != "" {
		parts = append(parts, "_cursor="+url.QueryEscape(cursor))
	}
	if len(parts) == 0 {
		return path
	}
	return path + "?" + strings.Join(parts, "&")
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
