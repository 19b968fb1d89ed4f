package store

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/search"
)

// Commands turns the writing entries of a transaction Bundle into commands in their order,
// and says which entry each came from. Entries of method GET and HEAD give none: they are
// read after the transaction. The order that R4 demands (DELETE, POST, PUT) is the store's
// business: it decides identities and deletions before it writes.
//
// It refuses what is not a transaction, an entry without a request, methods and URLs that
// are not known, a resource whose type or id is not that of the URL, and two entries with
// one fullUrl. Faults have the path Bundle.entry[i] and are mostly Invalid.
// Source: http://hl7.org/fhir/R4/http.html#transaction.
func Commands(bundle *fhir.Node, opts search.Options) (commands []Command, entries []int, err error) {
	if bundle.Type() != "Bundle" || bundle.Str("type") != "transaction" {
		return nil, nil, fault.New(fault.Invalid, "not_a_transaction", "a Bundle of type transaction is expected")
	}
	seen := map[string]int{}
	for i, e := range bundle.Get("entry").Items() {
		if full := e.Str("fullUrl"); full != "" {
			if j, twice := seen[full]; twice {
				return nil, nil, fault.New(fault.Invalid, "duplicate_full_url", "Bundle.entry[%d] has the same fullUrl", j).At(entryPath(i))
			}
			seen[full] = i
		}
		if Reads(e) {
			continue
		}
		c, err := EntryCommand(e, opts)
		if err != nil {
			if f := fault.As(err); f != nil {
				return nil, nil, f.At(entryPath(i))
			}
			return nil, nil, err
		}
		commands, entries = append(commands, c), append(entries, i)
	}
	return commands, entries, nil
}

func entryPath(i int) string { return fmt.Sprintf("Bundle.entry[%d]", i) }

// Reads reports whether an entry of a transaction or batch only reads.
func Reads(entry *fhir.Node) bool {
	m := entry.Str("request", "method")
	return m == "GET" || m == "HEAD"
}

// EntryCommand turns one writing entry of a transaction or batch into a command.
func EntryCommand(entry *fhir.Node, opts search.Options) (Command, error) {
	request := entry.Get("request")
	method := request.Str("method")
	if method == "" {
		return nil, fault.New(fault.Invalid, "no_request", "the entry has no request")
	}
	target, err := splitURL(request.Str("url"), opts.Base)
	if err != nil {
		return nil, err
	}
	version, err := ParseETag(request.Str("ifMatch"))
	if err != nil {
		return nil, err
	}
	resource := entry.Get("resource")
	if method == "POST" || method == "PUT" {
		if resource.Type() != target.Type {
			return nil, fault.New(fault.Invalid, "type_mismatch", "the resource is missing or of another type than the URL")
		}
	}
	switch method {
	case "POST":
		return create(entry, resource, target, opts)
	case "PUT":
		return update(entry, resource, target, version, opts)
	case "DELETE":
		return remove(target, version, opts)
	case "PATCH":
		return patchCommand(resource, target, version, opts)
	}
	return nil, fault.New(fault.Invalid, "unknown_method", "the method of the request is not known")
}

// requestURL is a request's URL in parts: Type, Type/id, or Type?criteria.
type requestURL struct {
	Type, ID, Criteria string
	HasCriteria        bool
}

func splitURL(raw, base string) (requestURL, error) {
	bad := fault.New(fault.Invalid, "bad_url", "the URL of the request is none that a transaction writes to")
	raw = strings.TrimPrefix(raw, strings.TrimSuffix(base, "/")+"/")
	path, criteria, has := strings.Cut(strings.TrimPrefix(raw, "/"), "?")
	u := requestURL{Criteria: criteria, HasCriteria: has}
	parts := strings.Split(path, "/")
	if len(parts) > 2 || len(parts) == 2 && (has || parts[1] == "") {
		return u, bad
	}
	u.Type = parts[0]
	if len(parts) == 2 {
		id, err := url.PathUnescape(parts[1])
		if err != nil {
			return u, bad
		}
		u.ID = id
	}
	if definition.R4().ResourceType(u.Type) == nil {
		return u, bad
	}
	return u, nil
}

func create(entry, resource *fhir.Node, target requestURL, opts search.Options) (Command, error) {
	if target.ID != "" || target.HasCriteria {
		return nil, fault.New(fault.Invalid, "bad_url", "a POST goes to a resource type")
	}
	c := Create{Resource: resource, FullURL: entry.Str("fullUrl")}
	if criteria := entry.Str("request", "ifNoneExist"); criteria != "" {
		q, err := search.Criteria(target.Type, strings.TrimPrefix(criteria, "?"), opts)
		if err != nil {
			return nil, err
		}
		c.IfNoneExist = q
	}
	return c, nil
}

func update(entry, resource *fhir.Node, target requestURL, version int, opts search.Options) (Command, error) {
	c := Update{Resource: resource, FullURL: entry.Str("fullUrl"), IfMatch: version}
	switch {
	case target.HasCriteria:
		q, err := search.Criteria(target.Type, target.Criteria, opts)
		if err != nil {
			return nil, err
		}
		c.Where = q
	case target.ID == "":
		return nil, fault.New(fault.Invalid, "bad_url", "a PUT goes to a resource or to criteria")
	case resource.ID() != target.ID:
		return nil, fault.New(fault.Invalid, "id_mismatch", "the id of the resource is missing or not that of the URL")
	}
	return c, nil
}

func remove(target requestURL, version int, opts search.Options) (Command, error) {
	c := Delete{Key: Key{target.Type, target.ID}, IfMatch: version}
	switch {
	case target.HasCriteria:
		q, err := search.Criteria(target.Type, target.Criteria, opts)
		if err != nil {
			return nil, err
		}
		c.Where = q
	case target.ID == "":
		return nil, fault.New(fault.Invalid, "bad_url", "a DELETE goes to a resource or to criteria")
	}
	return c, nil
}

// ParseETag reads the version of an entity tag, W/"3" or "3"; 0 for an empty string.
func ParseETag(tag string) (int, error) {
	if tag == "" {
		return 0, nil
	}
	text := strings.TrimPrefix(tag, "W/")
	if len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' {
		if n, err := strconv.Atoi(text[1 : len(text)-1]); err == nil && n > 0 {
			return n, nil
		}
	}
	return 0, fault.New(fault.Invalid, "bad_etag", "If-Match takes the ETag of one version, as in W/\"3\"")
}
