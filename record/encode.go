package record

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Encode gives the record's JSON. The Bundle is most of it, a hundred megabytes for a file of
// thousands of pages, and goes in as it is: json.Marshal would check it, escape it and copy it
// twice. So it has to be JSON without blanks. Afterwards r.Bundle is its part of the result, so
// that it is held once.
func (r *Record) Encode() ([]byte, error) {
	if len(r.Bundle) == 0 {
		without := *r
		without.Bundle = nil
		return json.Marshal(&without)
	}
	return r.EncodeWith(len(r.Bundle), func(out []byte) []byte { return append(out, r.Bundle...) })
}

// EncodeWith is Encode with the Bundle that write appends, of about size bytes: so it is never held
// beside the record's JSON.
func (r *Record) EncodeWith(size int, write func(out []byte) []byte) ([]byte, error) {
	without := *r
	without.Bundle = nil
	body, err := json.Marshal(&without)
	if err != nil {
		return nil, err
	}
	tail, err := json.Marshal(struct {
		Versions map[string]string `json:"versions"`
		Approved *Human            `json:"approved,omitempty"`
	}{r.Versions, r.Approved})
	if err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(body, tail[1:]) {
		return nil, errors.New("record: the Bundle's place is not where it was")
	}
	at := len(body) - len(tail) + 1
	out := make([]byte, 0, len(body)+size+16)
	out = append(append(out, body[:at]...), `"bundle":`...)
	begin := len(out)
	out = write(out)
	r.Bundle = out[begin:len(out):len(out)]
	out = append(out, ',')
	return append(out, body[at:]...), nil
}
