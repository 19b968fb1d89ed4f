package rest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// search is GET Type?…, GET ?…, and the same as POST …/_search.
func (s *server) search(c *call) (*reply, error) {
	typ := c.resourceType()
	return s.find(c, typ, typ, nil)
}

// find searches a type ("": all) at an address below the base, under one more condition
// where that is given.
func (s *server) find(c *call, typ, address string, also *search.Filter) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, typ)
	if err != nil {
		return nil, err
	}
	var set *fhir.Node
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		if err := c.unsealQuery(v, address); err != nil {
			return err
		}
		opts := s.options(c)
		if opts.Catalogue, err = v.Parameters(); err != nil {
			return err
		}
		opts.Terminology = s.terms(c, v)
		q, err := search.Parse(typ, c.query, opts)
		if err != nil {
			return err
		}
		if err := s.narrow(c, q); err != nil {
			return err
		}
		if q.Summary == "count" {
			q.Count, q.CountSet, q.Total = 0, true, search.TotalAccurate
		}
		if also != nil {
			q.Filters = append(q.Filters, *also)
		}
		page, err := v.Search(q)
		if err != nil {
			return err
		}
		next := ""
		if page.Next != "" {
			next = s.nextURL(c, v, address, q.Used, page.Next)
		}
		set = s.searchset(address, q, page, next)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, content: content{set}}, nil
}

// pageParam holds a whole sealed query: a search whose parameters came in a body must not have
// them in the address of its next page, which proxies and logs keep.
const pageParam = "_page"

// sealedPair is a parameter within a sealed query.
type sealedPair struct{ N, V string }

func (s *server) nextURL(c *call, v store.View, address string, used []search.Pair, cursor string) string {
	if !c.form {
		return s.searchURL(address, used, cursor)
	}
	list := []sealedPair{{"_cursor", cursor}}
	for _, p := range used {
		if p.Name != "_cursor" {
			list = append(list, sealedPair{p.Name, p.Value})
		}
	}
	plain, err := json.Marshal(list)
	if err != nil {
		panic(err) // two texts can always be written
	}
	return s.searchURL(address, []search.Pair{{Name: pageParam, Value: v.Seal(plain, address)}}, "")
}

// unsealQuery puts the parameters that a next page carries sealed in the place of the token.
func (c *call) unsealQuery(v store.View, address string) error {
	at := slices.IndexFunc(c.query, func(p search.Pair) bool { return p.Name == pageParam })
	if at < 0 {
		return nil
	}
	plain, err := v.Unseal(c.query[at].Value, address)
	if err != nil {
		return err
	}
	var list []sealedPair
	if err := json.Unmarshal(plain, &list); err != nil {
		return fault.New(fault.Invalid, "bad_cursor", "the page token is not of this store")
	}
	query := slices.Delete(slices.Clone(c.query), at, at+1)
	for _, p := range list {
		query = append(query, search.Pair{Name: p.N, Value: p.V})
	}
	c.query, c.form = query, true
	return nil
}

// searchset shows a page; next is the address of the one after it, if any.
func (s *server) searchset(address string, q *search.Query, page *store.SearchPage, next string) *fhir.Node {
	var sh shape
	sh.summary(q.Summary)
	for _, e := range q.Elements {
		sh.elements(e)
	}
	var entries []*fhir.Node
	for i := range page.Matches {
		entries = append(entries, s.found(&page.Matches[i], "match", sh))
	}
	for i := range page.Included {
		entries = append(entries, s.found(&page.Included[i], "include", sh))
	}
	if n := unheeded(q); n != nil {
		entries = append(entries, n)
	}
	if len(page.Plan) > 0 {
		entries = append(entries, explained(page.Plan))
	}
	var total *fhir.Node
	if page.Total != nil {
		total = fhir.NewInt(*page.Total)
	}
	links := []*fhir.Node{link("self", s.searchURL(address, q.Used, ""))}
	if next != "" {
		links = append(links, link("next", next))
	}
	return s.newBundle("searchset", total, links, entries)
}

// newBundle makes a Bundle that is an answer.
func (s *server) newBundle(kind string, total *fhir.Node, links, entries []*fhir.Node) *fhir.Node {
	return fhir.NewObject("resourceType", "Bundle", "type", kind, "timestamp", instant(s.Now()), "total", total, "link", links, "entry", entries)
}

func (s *server) found(v *store.Version, mode string, sh shape) *fhir.Node {
	return fhir.NewObject("fullUrl", s.Base+"/"+v.Key.String(), "resource", sh.apply(v.Resource), "search", fhir.NewObject("mode", mode))
}

// unheeded tells which parameters did nothing under lenient handling, which are no part of the
// self link either, and which names of _elements show nothing. Empty parameters say nothing and
// are not worth a word; a name that is none is counted, not repeated.
func unheeded(q *search.Query) *fhir.Node {
	var names []string
	for _, p := range q.Ignored {
		if p.Value != "" {
			names = append(names, p.Name)
		}
	}
	var issues []*fhir.Node
	if len(names) > 0 {
		issues = append(issues, issue("warning", "not-supported", "parameters without effect: "+listed(names), "", "parameters_ignored"))
	}
	if len(q.UnknownElements) > 0 {
		issues = append(issues, issue("warning", "not-supported", "_elements names what no resource here has: "+listed(q.UnknownElements), "", "elements_unknown"))
	}
	if issues == nil {
		return nil
	}
	return fhir.NewObject("resource", outcomeOf(issues...), "search", fhir.NewObject("mode", "outcome"))
}

// listedMost is how many names a warning repeats.
const listedMost = 20

// listed joins names that look like names; the others may be values, and are counted.
func listed(names []string) string {
	var plain []string
	odd := 0
	for _, name := range names {
		if plainName(name) {
			plain = append(plain, name)
		} else {
			odd++
		}
	}
	if n := len(plain) - listedMost; n > 0 {
		plain = append(plain[:listedMost], strconv.Itoa(n)+" more")
	}
	if odd > 0 {
		plain = append(plain, strconv.Itoa(odd)+" not of the form of a name")
	}
	return strings.Join(plain, ", ")
}

// explained shows a plan, a line per issue.
func explained(plan []string) *fhir.Node {
	var lines []*fhir.Node
	for _, line := range plan {
		lines = append(lines, issue("information", "informational", line, "", "plan"))
	}
	return fhir.NewObject("resource", outcomeOf(lines...), "search", fhir.NewObject("mode", "outcome"))
}

func plainName(s string) bool {
	for _, c := range s {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("_-:.", c) {
			return false
		}
	}
	return len(s) <= 64
}

func link(relation, target string) *fhir.Node {
	return fhir.NewObject("relation", relation, "url", target)
}

// searchURL writes an address below the base with its parameters.
func (s *server) searchURL(below string, used []search.Pair, cursor string) string {
	address := s.Base
	if below != "" {
		address += "/" + below
	}
	var parts []string
	for _, p := range used {
		if p.Name != "_cursor" || cursor == "" {
			parts = append(parts, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
		}
	}
	if cursor != "" {
		parts = append(parts, "_cursor="+url.QueryEscape(cursor))
	}
	if len(parts) == 0 {
		return address
	}
	return address + "?" + strings.Join(parts, "&")
}
