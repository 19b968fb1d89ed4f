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
	without := *r
	without.Bundle = nil
	body, err := json.Marshal(&without)
	if err != nil || len(r.Bundle) == 0 {
		return body, err
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
	out := make([]byte, 0, len(body)+len(r.Bundle)+16)
	out = append(append(out, body[:at]...), `"bundle":`...)
	begin := len(out)
	out = append(out, r.Bundle...)
	r.Bundle = out[begin:len(out):len(out)]
	out = append(out, ',')
	return append(out, body[at:]...), nil
}
