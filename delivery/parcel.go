package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
)

// mark is what a sink has of a document.
type mark struct {
	State store.State `json:"state"`
	Code  string      `json:"code,omitempty"`
	Keys  []string    `json:"keys,omitempty"` // Type/id of what it was sent and can be taken back
	// Original says that it has the bytes of the file.
	Original bool `json:"original,omitempty"`
}

// deliver sends a document where the sink has not got it as it is; force sends it anyway. erased
// reports a document that is there no longer.
func (d *Desk) deliver(ctx context.Context, s Sink, at *progress, id string, force bool) (erased bool, err error) {
	var p *Parcel
	var m mark
	err = d.Store.View(ctx, courier, func(v store.View) (err error) {
		p, m, err = d.parcel(v, s, id, force)
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		p, err, erased = nil, nil, true
	}
	if err != nil {
		return false, err
	}
	if p == nil {
		if force || erased {
			delete(at.Dead, id) // there is nothing to send any more
		}
		return erased, nil
	}
	if m.Original && d.Blobs != nil && p.Bundle != nil {
		if p.Original, err = d.original(ctx, s, p, force); err != nil {
			return false, err
		}
	}
	size := int64(0)
	if p.Original != nil {
		defer p.Original.Close()
		size = p.Original.Size()
	}
	sending, cancel := context.WithTimeout(ctx, sendTime+time.Duration(size/sendRate)*time.Second)
	defer cancel()
	if err := s.Send(sending, *p); err != nil {
		return false, d.refused(s, at, id, err)
	}
	delete(at.Dead, id)
	body, err := json.Marshal(m)
	if err != nil {
		return false, err
	}
	_, err = d.Store.Transact(ctx, courier, []store.Command{store.PutStage{Key: markKey(s, id, p.turn, m.State), Output: body}})
	return false, err
}

// sendRate is how many bytes of an original a receiver takes in a second at least.
const sendRate = 100_000

// original opens the bytes of the file where the sink has not got them; nil where it has, or where
// they are gone.
func (d *Desk) original(ctx context.Context, s Sink, p *Parcel, force bool) (blob.Reader, error) {
	var has bool
	err := d.Store.View(ctx, courier, func(v store.View) error {
		before, err := last(v, s, p.Document.ID, p.Version)
		has = before.Original
		return err
	})
	if err != nil || has && !force {
		return nil, err
	}
	r, err := d.Blobs.Open(ctx, p.Document.SHA256)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return r, err
}

// refused notes what a receiver refuses as a dead letter; any other error is given back.
func (d *Desk) refused(s Sink, at *progress, id string, err error) error {
	if !fault.Is(err, fault.Invalid) || len(at.Dead) >= deadMost {
		return err
	}
	if at.Dead == nil {
		at.Dead = map[string]string{}
	}
	at.Dead[id] = codeOf(err)
	d.Log.Warn("a receiver refused a document", "sink", taskID(s), "document", id, "code", codeOf(err))
	return nil
}

// again sends a document or a refused erasure whatever was sent before.
func (d *Desk) again(ctx context.Context, s Sink, at *progress, id string) error {
	if e, ok := at.Gone[id]; ok {
		return d.erase(ctx, s, at, e)
	}
	_, err := d.deliver(ctx, s, at, id, true)
	return err
}

// erasure is what of a step of the changes was erased.
func erasure(touched *store.Touched, documents []string) Erasure {
	e := Erasure{ID: fmt.Sprintf("erasure-%d", touched.Last), Documents: documents}
	for _, key := range touched.Erased {
		if key.Type == "Patient" || !slices.Contains(shared, key.Type) {
			e.Keys = append(e.Keys, key.String())
		}
	}
	return e
}

// erase takes away at a sink what was erased here since the sink was new.
func (d *Desk) erase(ctx context.Context, s Sink, at *progress, e Erasure) error {
	if len(e.Documents)+len(e.Keys) == 0 || at.After < at.Begun && at.Gone[e.ID].ID == "" {
		return nil
	}
	sending, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if err := s.Erase(sending, e); err != nil {
		if err = d.refused(s, at, e.ID, err); err == nil {
			if at.Gone == nil {
				at.Gone = map[string]Erasure{}
			}
			at.Gone[e.ID] = e
		}
		return err
	}
	delete(at.Dead, e.ID)
	delete(at.Gone, e.ID)
	return nil
}

func markKey(s Sink, document string, turn int64, state store.State) store.StageKey {
	return store.StageKey{Input: document, Stage: markStage, Version: taskID(s), Part: fmt.Sprintf("%d-%s", turn, state)}
}

// parcel makes what a sink gets of a document; nil where there is nothing to send.
func (d *Desk) parcel(v store.View, s Sink, id string, force bool) (*Parcel, mark, error) {
	doc, err := v.Document(id)
	if err != nil || !doc.State.Settled() {
		return nil, mark{}, err
	}
	p := &Parcel{Document: *doc}
	m := mark{State: doc.State, Code: doc.Code}
	newest, err := v.Record(id, 0)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, m, err
	}
	if err == nil {
		p.Version = newest.Version
	}
	p.turn = int64(p.Version)
	if s.Notices() && doc.SettledAt != nil { // not for every value that a person accepts
		p.turn = doc.SettledAt.UnixMilli()
	}
	p.ID = fmt.Sprintf("%s-%d-%s", id, p.turn, doc.State)
	var have mark
	same, err := marked(v, markKey(s, id, p.turn, doc.State), &have)
	if err != nil || same && !force {
		return nil, m, err
	}
	if s.Notices() {
		return p, m, nil
	}
	before, err := last(v, s, id, p.Version)
	if err != nil {
		return nil, m, err
	}
	sent := before.Keys
	switch doc.State {
	case store.Filed:
		rec := new(record.Record)
		if err := json.Unmarshal(newest.Body, rec); err != nil {
			return nil, m, fault.New(fault.Corrupt, "record_damaged", "the record cannot be read")
		}
		if m.Keys, err = keysOf(rec.Bundle); err != nil {
			return nil, m, err
		}
		bundle := []byte(rec.Bundle)
		if d.Blobs != nil {
			if bundle, m.Original, err = apart(bundle, "Binary/"+id); err != nil {
				return nil, m, err
			}
		}
		p.Bundle = without(bundle, sent, m.Keys)
	case store.Held, store.Rejected:
		if len(sent) == 0 {
			return nil, m, nil
		}
		p.Bundle, p.Withdrawn = without([]byte(emptyBundle), sent, nil), true
	default:
		return nil, m, nil
	}
	return p, m, nil
}

func marked(v store.View, key store.StageKey, into *mark) (bool, error) {
	body, ok, err := v.Stage(key)
	if err != nil || !ok {
		return false, err
	}
	return true, json.Unmarshal(body, into)
}

// last gives what the sink was sent last of a document.
func last(v store.View, s Sink, id string, version int) (mark, error) {
	for n := version; n > 0; n-- {
		for _, state := range []store.State{store.Rejected, store.Held, store.Filed} {
			var m mark
			ok, err := marked(v, markKey(s, id, int64(n), state), &m)
			if err != nil || ok {
				return m, err
			}
		}
	}
	return mark{}, nil
}

// apart takes the entry of a URL out of a Bundle; is reports that it was there. The original has its
// bytes in a resource of its own, which a Bundle would empty again.
func apart(bundle []byte, url string) (rest []byte, is bool, err error) {
	var b struct{ Entry []json.RawMessage }
	if err := json.Unmarshal(bundle, &b); err != nil {
		return nil, false, fault.New(fault.Corrupt, "record_damaged", "the Bundle of a record cannot be read")
	}
	rest = []byte(strings.TrimSuffix(emptyBundle, "]}"))
	for _, entry := range b.Entry {
		var e struct{ Request struct{ URL string } }
		if err := json.Unmarshal(entry, &e); err != nil {
			return nil, false, fault.New(fault.Corrupt, "record_damaged", "the Bundle of a record cannot be read")
		}
		if e.Request.URL == url {
			is = true
			continue
		}
		if rest[len(rest)-1] != '[' {
			rest = append(rest, ',')
		}
		rest = append(rest, entry...)
	}
	return append(rest, "]}"...), is, nil
}

// shared are types of which other documents may hold the same resource: they are never taken back.
var shared = []string{"Patient", "Device", "Organization", "Practitioner"}

// keysOf lists what a Bundle writes and what can be taken back of it.
func keysOf(bundle []byte) ([]string, error) {
	var b struct {
		Entry []struct {
			Request struct{ URL string }
		}
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		return nil, fault.New(fault.Corrupt, "record_damaged", "the Bundle of a record cannot be read")
	}
	var keys []string
	for _, e := range b.Entry {
		typ, _, ok := strings.Cut(e.Request.URL, "/")
		if ok && !slices.Contains(shared, typ) {
			keys = append(keys, e.Request.URL)
		}
	}
	return keys, nil
}

const emptyBundle = `{"resourceType":"Bundle","type":"transaction","entry":[]}`

// without adds the deletion of what was sent and is no longer there.
func without(bundle []byte, sent, keys []string) []byte {
	var gone []string
	for _, key := range sent {
		if !slices.Contains(keys, key) {
			gone = append(gone, fmt.Sprintf(`{"request":{"method":"DELETE","url":%q}}`, key))
		}
	}
	body := string(bundle)
	if len(gone) == 0 || !strings.HasSuffix(body, "]}") {
		return bundle
	}
	body = strings.TrimSuffix(body, "]}")
	if !strings.HasSuffix(body, "[") {
		body += ","
	}
	return []byte(body + strings.Join(gone, ",") + "]}")
}
