package awstest

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"chartlake/record"
	"chartlake/record/comprehend"
)

// ComprehendMedical is a local Comprehend Medical with the limits of the real one. What it finds
// is Find's.
type ComprehendMedical struct {
	Find func(text string) []record.Entity
	// RxNorm gives codes of a drug; nil: none.
	RxNorm func(e record.Entity) []record.Code
	// Change changes an answer before it is sent; nil: it is sent as it is.
	Change func(operation string, answer map[string]any)

	mu    sync.Mutex
	Calls map[string]int // by operation
}

// concept is a code of an answer.
type concept struct {
	Code        string  `json:"Code"`
	Description string  `json:"Description"`
	Score       float64 `json:"Score"`
}

// coded is a mention with codes.
type coded struct {
	comprehend.Entity
	ICD10CM []concept `json:"ICD10CMConcepts,omitempty"`
	RxNorm  []concept `json:"RxNormConcepts,omitempty"`
}

func (c *ComprehendMedical) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Text string }
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "ComprehendMedical_20181030.")
	switch err := json.NewDecoder(r.Body).Decode(&in); {
	case !ok || err != nil || in.Text == "":
		Refuse(w, 400, "InvalidRequestException")
		return
	case operation == "DetectEntitiesV2" && len(in.Text) > 20_000, operation != "DetectEntitiesV2" && len(in.Text) > 10_000:
		Refuse(w, 400, "TextSizeLimitExceededException")
		return
	}
	c.mu.Lock()
	if c.Calls == nil {
		c.Calls = map[string]int{}
	}
	c.Calls[operation]++
	c.mu.Unlock()
	found := c.Find(in.Text)
	all := comprehend.Write(in.Text, found, "local")
	var out any = all
	if operation != "DetectEntitiesV2" {
		list := []coded{}
		for _, e := range all.Entities {
			x := coded{Entity: e}
			for _, f := range found {
				if f.Begin != e.BeginOffset || f.End != e.EndOffset {
					continue
				}
				if operation == "InferICD10CM" && f.Type == record.Problem {
					x.ICD10CM = concepts(f.Codes)
				}
				if operation == "InferRxNorm" && f.Type == record.Medication && c.RxNorm != nil {
					x.RxNorm = concepts(c.RxNorm(f))
				}
			}
			if len(x.ICD10CM)+len(x.RxNorm) > 0 {
				list = append(list, x)
			}
		}
		out = map[string]any{"Entities": list, "ModelVersion": "local"}
	}
	if c.Change == nil {
		answer(w, out)
		return
	}
	data, _ := json.Marshal(out)
	var changed map[string]any
	_ = json.Unmarshal(data, &changed)
	c.Change(operation, changed)
	answer(w, changed)
}

func concepts(codes []record.Code) (out []concept) {
	for _, c := range codes {
		out = append(out, concept{c.Code, c.Display, c.Score})
	}
	return out
}
