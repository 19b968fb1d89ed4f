// Package problem answers errors as JSON, {"code", "message", "path"}, at the addresses that do not
// speak FHIR. What a fault says is said; of any other error only that there was one.
package problem

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"chartlake/fault"
)

// Answer answers with an error: the status of its kind and, where it says so, when to come back.
// otherwise is said of what went wrong inside.
func Answer(w http.ResponseWriter, err error, otherwise string) {
	AnswerAs(w, fault.Status(err), err, otherwise)
}

// AnswerAs is Answer with a status that says more than that of the error's kind.
func AnswerAs(w http.ResponseWriter, status int, err error, otherwise string) {
	said := struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Path    string `json:"path,omitempty"`
	}{Code: "internal", Message: otherwise}
	if f := fault.As(err); f != nil && f.Kind != fault.Internal {
		said.Code, said.Message, said.Path = f.Code, f.Message, f.Path
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
		}
	}
	body, _ := json.Marshal(said) // strings
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
