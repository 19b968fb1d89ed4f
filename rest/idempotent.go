package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"chartlake/fault"
	"chartlake/store"
)

// onceMax is the longest Idempotency-Key in bytes.
const onceMax = 255

// receipt is what a request with an Idempotency-Key did. It is written in the transaction of
// the request itself, so that a request is done with its receipt or not at all.
type receipt struct {
	Request string       `json:"request"` // hash of method, address and body
	Results []receiptRow `json:"results"`
}

type receiptRow struct {
	Type    string   `json:"type,omitempty"`
	ID      string   `json:"id,omitempty"`
	Version int      `json:"version,omitempty"`
	Op      store.Op `json:"op,omitempty"`
	At      int64    `json:"at,omitempty"` // milliseconds
}

// readOnce checks an Idempotency-Key.
func readOnce(key string) (string, error) {
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			key = ""
		}
	}
	if len(key) > onceMax || key == "" {
		return "", fault.New(fault.Invalid, "bad_idempotency_key", "an Idempotency-Key has at most %d printable ASCII characters", onceMax)
	}
	return key, nil
}

// transact does commands. With an Idempotency-Key they are done once: the same request of the
// same actor again gets the results of the first time, another request under the key is a
// Conflict. The key holds as long as the store does. Whatever a write is decided by (criteria,
// conditional references, also those that a patch brings in) is a search, and narrowed like one.
func (s *server) transact(c *call, actor store.Actor, commands []store.Command) ([]store.Result, error) {
	for i, cmd := range commands {
		if typeOf(cmd) == auditResource {
			return nil, fault.As(auditReadOnly()).At(fmt.Sprintf("Bundle.entry[%d]", i))
		}
	}
	p := &permits{server: s, call: c}
	actor.Permit = p.narrow
	if c.once == "" {
		return s.Store.Transact(c.ctx, actor, commands)
	}
	owner := sha256.Sum256([]byte(actor.ID + "\x00" + c.once))
	key := store.StageKey{Input: hex.EncodeToString(owner[:]), Stage: "request", Version: "1"}
	request := c.fingerprint()
	if results, done, err := s.replay(c, actor, key, request); done || err != nil {
		return results, err
	}
	put := store.PutStage{Key: key, Make: func(results []store.Result) ([]byte, error) { return json.Marshal(receiptOf(request, results)) }}
	results, err := s.Store.Transact(c.ctx, actor, append(commands[:len(commands):len(commands)], put))
	if f := fault.As(err); f != nil && f.Code == "stage_exists" { // the same request was faster on another way
		results, done, again := s.replay(c, actor, key, request)
		if again == nil && !done {
			again = err
		}
		return results, again
	}
	if err != nil {
		return nil, err
	}
	return results[:len(commands)], nil
}

// typeOf is the type of what a command writes.
func typeOf(c store.Command) string {
	switch c := c.(type) {
	case store.Create:
		return c.Resource.Type()
	case store.Update:
		return c.Resource.Type()
	case store.Delete:
		return c.Key.Type
	}
	return ""
}

// fingerprint tells requests apart.
func (c *call) fingerprint() string {
	h := sha256.New()
	for _, part := range []string{c.method, c.http.URL.RequestURI(), c.when.match, c.when.noneMatch, c.when.noneExist, c.media} {
		h.Write([]byte(part + "\x00"))
	}
	h.Write(c.body)
	return hex.EncodeToString(h.Sum(nil))
}

func receiptOf(request string, results []store.Result) receipt {
	r := receipt{Request: request}
	for _, result := range results {
		row := receiptRow{Op: result.Op}
		if v := result.Version; v != nil {
			row.Type, row.ID, row.Version, row.At = v.Key.Type, v.Key.ID, v.Version, v.At.UnixMilli()
		}
		r.Results = append(r.Results, row)
	}
	return r
}

// replay gives what a request did before, with the versions of then; done is false when it is new.
func (s *server) replay(c *call, actor store.Actor, key store.StageKey, request string) (results []store.Result, done bool, err error) {
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		data, found, err := v.Stage(key)
		if err != nil || !found {
			return err
		}
		done = true
		var r receipt
		if err := json.Unmarshal(data, &r); err != nil {
			return fault.New(fault.Corrupt, "receipt_damaged", "the receipt of a request is not what was written: %w", err)
		}
		if r.Request != request {
			return fault.New(fault.Conflict, "idempotency_conflict", "the Idempotency-Key was used for another request")
		}
		for _, row := range r.Results {
			result := store.Result{Op: row.Op}
			name := store.Key{Type: row.Type, ID: row.ID}
			switch {
			case row.Op == store.OpDelete:
				result.Version = &store.Version{Key: name, Version: row.Version, Op: row.Op, At: time.UnixMilli(row.At).UTC()}
			case row.Type != "":
				if result.Version, err = v.VersionRead(name, row.Version); err != nil {
					return err
				}
			}
			results = append(results, result)
		}
		return nil
	})
	return results, done, err
}

// noOnce refuses an Idempotency-Key where it would promise what is not kept.
func (c *call) noOnce() error {
	if c.once == "" {
		return nil
	}
	return fault.New(fault.Unsupported, "idempotency_unsupported", "an Idempotency-Key goes with one write or a transaction, not with a batch").At("Bundle.type")
}
