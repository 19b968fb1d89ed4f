package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
)

// mark is what a sink has of a document.
type mark struct {
	State store.State `json:"state"`
	Code  string      `json:"code,omitempty"`
	Keys  []string    `json:"keys,omitempty"` // Type/id of what it was sent and can be taken back
}

// deliver sends a document where the sink has not got it as it is; force sends it anyway.
func (d *Desk) deliver(ctx context.Context, s Sink, at *progress, id string, force bool) error {
	var p *Parcel
	var m mark
	err := d.Store.View(ctx, courier, func(v store.View) (err error) {
		p, m, err = parcel(v, s, id, force)
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		p, err = nil, nil // erased
	}
	if err != nil {
		return err
	}
	if p == nil {
		if force {
			delete(at.Dead, id) // there is nothing to send any more
		}
		return nil
	}
	sending, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if err := s.Send(sending, *p); err != nil {
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
	delete(at.Dead, id)
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = d.Store.Transact(ctx, courier, []store.Command{store.PutStage{Key: markKey(s, id, p.turn, m.State), Output: body}})
	return err
}

func markKey(s Sink, document string, turn int64, state store.State) store.StageKey {
	return store.StageKey{Input: document, Stage: markStage, Version: taskID(s), Part: fmt.Sprintf("%d-%s", turn, state)}
}

// parcel makes what a sink gets of a document; nil where there is nothing to send.
func parcel(v store.View, s Sink, id string, force bool) (*Parcel, mark, error) {
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
	sent, err := lastKeys(v, s, id, p.Version)
	if err != nil {
		return nil, m, err
	}
	switch doc.State {
	case store.Filed:
		rec := new(record.Record)
		if err := json.Unmarshal(newest.Body, rec); err != nil {
			return nil, m, fault.New(fault.Corrupt, "record_damaged", "the record cannot be read")
		}
		if m.Keys, err = keysOf(rec.Bundle); err != nil {
			return nil, m, err
		}
		p.Bundle = without(rec.Bundle, sent, m.Keys)
	case store.Held, store.Rejected:
		if len(sent) == 0 {
			return nil, m, nil
		}
		p.Bundle = without([]byte(emptyBundle), sent, nil)
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

// lastKeys gives what the sink was sent last of a document.
func lastKeys(v store.View, s Sink, id string, version int) ([]string, error) {
	for n := version; n > 0; n-- {
		for _, state := range []store.State{store.Rejected, store.Held, store.Filed} {
			var m mark
			ok, err := marked(v, markKey(s, id, int64(n), state), &m)
			if err != nil || ok {
				return m.Keys, err
			}
		}
	}
	return nil, nil
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
