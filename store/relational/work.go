package relational

import (
	"fmt"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/ident"
)

// work is a list of commands on the way into the database. What needs no look at the
// database (ids, references, index values, packing) is done before the writer gets it.
type work struct {
	commands []store.Command
	items    []item
	links    map[string]string // fullUrl or Type/id of the client → Type/id of the store
	ready    bool              // every resource is prepared: no conditional needs the database
	json     []byte            // room for the JSON of one resource after the other
}

// item is what is known about one resource command.
type item struct {
	key    store.Key
	decide *search.Query // identity comes from this search, inside the transaction
	match  bool          // a conditional create that found its resource: nothing to write
	fresh  bool          // the id was made here: the resource cannot exist yet
	ready  *ready
}

// ready is a resource that can be written as it is.
type ready struct {
	resource *fhir.Node // without meta.versionId and lastUpdated
	dict     int64
	packed   []byte
	values   []search.IndexValue
	by       *search.Catalogue // the parameters that gave the values
}

// Limits of one transaction.
const (
	maxCommands = 200_000  // a file of 3,000 pages is filed whole, about 35 resources a page
	maxResource = 32 << 20 // bytes of JSON of one resource
)

// prepare checks the commands and does what can be done outside of the writer.
func (s *Store) prepare(commands []store.Command) (*work, error) {
	if len(commands) > maxCommands {
		return nil, fault.New(fault.TooLarge, "too_many_entries", "more than %d commands in one transaction", maxCommands)
	}
	w := &work{commands: commands, items: make([]item, len(commands)), links: map[string]string{}, ready: true}
	for i, c := range commands {
		if err := s.identify(w, i, c); err != nil {
			return nil, at(err, i)
		}
	}
	if err := w.duplicates(); err != nil {
		return nil, err
	}
	if !w.ready {
		return w, nil
	}
	for i := range commands {
		res := writeOf(commands[i])
		if res == nil || pins(res) {
			continue // nothing is written, or it names versions that are not known yet
		}
		var err error
		if w.items[i].ready, err = s.makeReady(w, res, w.items[i].key, nil); err != nil {
			return nil, at(err, i)
		}
	}
	return w, nil
}

// at names the command that a fault is about.
func at(err error, i int) error {
	f := fault.As(err)
	if f == nil {
		return fmt.Errorf("command %d: %w", i, err)
	}
	path := fmt.Sprintf("Bundle.entry[%d]", i)
	if strings.HasPrefix(f.Path, "Bundle.entry[") {
		return f
	}
	if f.Path != "" {
		path += "." + f.Path
	}
	return f.At(path)
}

// writeOf gives the resource that a command writes as it is; nil where the content is made
// inside the transaction or nothing is written.
func writeOf(c store.Command) *fhir.Node {
	switch c := c.(type) {
	case store.Create:
		return c.Resource
	case store.Update:
		if c.Modify == nil {
			return c.Resource
		}
	}
	return nil
}

// writtenType is the type of the resource that a command writes, also where its content is made
// only when its turn comes; empty for other commands.
func writtenType(c store.Command) string {
	switch c := c.(type) {
	case store.Create:
		return c.Resource.Type()
	case store.Update:
		return c.Resource.Type()
	}
	return ""
}

// identify finds out under which id a command writes, where that needs no database.
func (s *Store) identify(w *work, i int, c store.Command) error {
	it := &w.items[i]
	switch c := c.(type) {
	case store.Create:
		if err := s.checkType(c.Resource); err != nil {
			return err
		}
		it.key, it.fresh = store.Key{Type: c.Resource.Type(), ID: ident.New(s.Now())}, true
		if c.IfNoneExist != nil {
			it.decide, w.ready = c.IfNoneExist, false
		}
		w.link(c.FullURL, c.Resource, it.key)
	case store.Update:
		if err := s.checkType(c.Resource); err != nil {
			return err
		}
		it.key = store.Key{Type: c.Resource.Type(), ID: c.Resource.ID()}
		switch {
		case c.Where != nil:
			it.decide, w.ready = c.Where, false
		case !ident.Valid(it.key.ID):
			return fault.New(fault.Invalid, "bad_id", "an update needs a resource id of 1 to 64 letters, digits, - and .")
		}
		if c.Modify != nil {
			w.ready = false
		}
		w.link(c.FullURL, c.Resource, it.key)
	case store.Erase:
		it.key, w.ready = c.Key, false
		if !s.Catalogue.Knows(c.Key.Type) {
			return unknownType()
		}
	case store.Delete:
		it.key = c.Key
		if !s.Catalogue.Knows(c.Key.Type) {
			return unknownType()
		}
		if c.Where != nil {
			w.ready = false
		}
	}
	if res := writeOf(c); res != nil && w.ready && conditionalReference(res) {
		w.ready = false
	}
	return nil
}

func unknownType() error {
	return fault.New(fault.Invalid, "unknown_type", "there is no resource type of this name in R4")
}

func (s *Store) checkType(n *fhir.Node) error {
	if n == nil || n.Kind() != fhir.Object || !s.Catalogue.Knows(n.Type()) {
		return unknownType()
	}
	return nil
}

// link notes by which names other commands may refer to a resource.
func (w *work) link(fullURL string, res *fhir.Node, key store.Key) {
	if fullURL == "" {
		return
	}
	w.links[fullURL] = key.String()
	if id := res.ID(); id != "" && strings.HasSuffix(fullURL, "/"+key.Type+"/"+id) && id != key.ID {
		w.links[key.Type+"/"+id] = key.String()
	}
}

// duplicates refuses two commands that name the same resource: one would be lost in silence.
func (w *work) duplicates() error {
	first := map[store.Key]int{}
	for i, it := range w.items {
		if it.key.ID == "" || it.match || it.decide != nil {
			continue
		}
		if j, twice := first[it.key]; twice {
			if _, del := w.commands[j].(store.Delete); del {
				continue // delete, then write again: both happen, in order
			}
			return at(fault.New(fault.Invalid, "duplicate_target", "Bundle.entry[%d] and Bundle.entry[%d] are about the same resource", j, i), i)
		}
		first[it.key] = i
	}
	return nil
}

// makeReady resolves references, takes out what the store sets itself, extracts and packs.
// conditional resolves Type?criteria inside the transaction; nil where there are none.
func (s *Store) makeReady(w *work, res *fhir.Node, key store.Key, conditional func(string) (string, error)) (*ready, error) {
	res, err := relink(res, w.links, conditional)
	if err != nil {
		return nil, err
	}
	res = withID(stripMeta(res.Shallow()), key.ID)
	r := &ready{resource: res}
	if w.json = res.AppendJSON(w.json[:0]); len(w.json) > maxResource {
		return nil, fault.New(fault.TooLarge, "resource_too_large", "the resource is larger than %d bytes", maxResource)
	}
	r.by = s.Known()
	if r.values, err = r.by.Extract(res, s.Base); err != nil {
		return nil, err
	}
	r.dict, r.packed = s.Pack.Pack(w.json)
	return r, nil
}

// withID gives the resource the id of the store: in its place, or after resourceType.
func withID(res *fhir.Node, id string) *fhir.Node {
	if res.Get("id") != nil {
		res.Set("id", fhir.NewString(id))
		return res
	}
	out := fhir.NewObject("resourceType", res.Type(), "id", id)
	for _, m := range res.Members() {
		if m.Name != "resourceType" {
			out.Set(m.Name, m.Value)
		}
	}
	return out
}

// stripMeta takes out meta.versionId and meta.lastUpdated, which the store's columns hold.
// res is changed, its meta is not.
func stripMeta(res *fhir.Node) *fhir.Node {
	meta := res.Get("meta")
	if meta == nil {
		return res
	}
	meta = meta.Shallow()
	meta.Delete("versionId")
	meta.Delete("lastUpdated")
	if len(meta.Members()) == 0 {
		meta = nil
	}
	res.Set("meta", meta)
	return res
}
