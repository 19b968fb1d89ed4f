package healthlake

import (
	"context"
	"net/http"
	"regexp"

	"chartlake/fault"
	"chartlake/fhir"
)

// Document is what is filed.
type Document struct {
	Bundle []byte // a transaction of PUTs, each entry after those that it refers to
	// Original is the address of the file itself, s3://BUCKET/KEY (escaped), which the DocumentReference
	// gets instead of a Binary without data; empty: the Bundle is filed as it is.
	Original string
	// Again files a document that is there already: every resource gets a new version.
	Again bool
}

// Filed says what was done.
type Filed struct {
	Known        bool // the document was there already, and nothing was written
	Resources    int
	Transactions int
}

// File files a document and returns once all of it is there. The fault says whether trying again
// may help: Unavailable; else Invalid, Forbidden or NotFound.
func (s *Sink) File(ctx context.Context, d Document) (Filed, error) {
	entries, err := entriesOf(d)
	if err != nil {
		return Filed{}, err
	}
	last := entries[len(entries)-1].ref
	if !d.Again {
		switch err := s.get(ctx, last); {
		case err == nil:
			return Filed{Known: true}, nil
		case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone):
			return Filed{}, err
		}
	}
	f := Filed{Resources: len(entries)}
	for len(entries) > 0 {
		n := fitting(entries)
		sent, err := s.transact(ctx, entries[:n])
		if err != nil {
			return Filed{}, err
		}
		f.Transactions += sent
		entries = entries[n:]
	}
	return f, nil
}

// entry is an entry as it is sent.
type entry struct {
	ref  string
	body []byte
}

// refRE is Type/id as FHIR has them.
var refRE = regexp.MustCompile(`^[A-Z][A-Za-z]{1,40}/[A-Za-z0-9.\-]{1,64}$`)

// entriesOf reads a Bundle.
func entriesOf(d Document) ([]entry, error) {
	bundle, err := fhir.Parse(d.Bundle)
	if err != nil {
		return nil, err
	}
	if bundle.Type() != "Bundle" || bundle.Str("type") != "transaction" {
		return nil, fault.New(fault.Invalid, "not_a_transaction", "only transaction Bundles are filed")
	}
	var out []entry
	for _, e := range bundle.Get("entry").Items() {
		resource := e.Get("resource")
		ref := e.Str("request", "url")
		if e.Str("request", "method") != http.MethodPut || !refRE.MatchString(ref) || ref != resource.Type()+"/"+resource.ID() {
			return nil, fault.New(fault.Invalid, "not_repeatable", "every entry must be a PUT of a resource under its own id").At("Bundle.entry")
		}
		if d.Original != "" {
			if ref == original(bundle) {
				continue
			}
			point(resource, original(bundle), d.Original)
		}
		out = append(out, entry{ref, e.AppendJSON(nil)})
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "nothing_to_file", "the Bundle has no entries")
	}
	return out, nil
}

// original is the Binary that stands for the file itself: it has no data, since our own store has
// the file elsewhere.
func original(bundle *fhir.Node) string {
	for _, e := range bundle.Get("entry").Items() {
		if r := e.Get("resource"); r.Type() == "Binary" && r.Get("data") == nil {
			return "Binary/" + r.ID()
		}
	}
	return ""
}

// point lets the attachments that name a Binary name an address instead.
func point(resource *fhir.Node, from, to string) {
	if resource.Type() != "DocumentReference" || from == "" {
		return
	}
	for _, c := range resource.Get("content").Items() {
		if a := c.Get("attachment"); a.Str("url") == from {
			a.Set("url", fhir.NewString(to))
		}
	}
}

// bundleOverhead is what a Bundle has around its entries, with a comma for each.
const bundleOverhead = 200

// fitting is how many entries fit into one transaction, at least one.
func fitting(entries []entry) int {
	size := bundleOverhead
	for n, e := range entries {
		size += len(e.body) + 1
		if n == entriesMax || n > 0 && size > bytesMax {
			return n
		}
	}
	return len(entries)
}

// transact sends entries in one transaction, or in halves where the server finds it too large.
// It gives the number of transactions.
func (s *Sink) transact(ctx context.Context, entries []entry) (int, error) {
	body := []byte(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i, e := range entries {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, e.body...)
	}
	body = append(body, "]}"...)
	err := s.post(ctx, body, len(entries))
	if !fault.Is(err, fault.TooLarge) || len(entries) == 1 {
		return 1, err
	}
	half := len(entries) / 2
	a, err := s.transact(ctx, entries[:half])
	if err != nil {
		return a, err
	}
	b, err := s.transact(ctx, entries[half:])
	return a + b, err
}
