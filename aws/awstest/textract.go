package awstest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"chartlake/document"
	"chartlake/document/textract"
)

// Textract is a local Textract: it speaks the JSON protocol and has its answers from Read.
type Textract struct {
	// Read reads a picture, or a whole file of S3; nil for a document that is none.
	Read func(data []byte) *document.Document
	// Object gives a file of S3; nil: S3 has nothing.
	Object func(bucket, key string) []byte
	Batch  int    // blocks in one answer; 1,000
	Polls  int    // how often an analysis is still in progress
	End    string // job status at the end; SUCCEEDED
	Miss   int    // a page that an analysis leaves out

	mu      sync.Mutex
	byToken map[string]string
	jobs    map[string]*analysis
	Started int // analyses, without repeated requests for the same one
	Pages   int // pages that were sent by themselves
}

type analysis struct {
	blocks []textract.Block
	pages  int
	polls  int
}

func (t *Textract) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var in struct {
		Document           struct{ Bytes []byte }
		FeatureTypes       []string
		ClientRequestToken string
		DocumentLocation   struct{ S3Object struct{ Bucket, Name string } }
		JobID              string `json:"JobId"`
		NextToken          string
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !strings.Contains(r.Header.Get("Authorization"), "/textract/aws4_request") {
		Refuse(w, 400, "InvalidSignatureException")
		return
	}
	switch r.Header.Get("X-Amz-Target") {
	case "Textract.AnalyzeDocument":
		t.Pages++
		if len(in.Document.Bytes) > 10<<20 {
			Refuse(w, 400, "DocumentTooLargeException")
			return
		}
		doc := t.Read(in.Document.Bytes)
		if doc == nil {
			Refuse(w, 400, "BadDocumentException")
			return
		}
		answer(w, textract.Write(doc, options(in.FeatureTypes)))
	case "Textract.StartDocumentAnalysis":
		t.start(w, in.ClientRequestToken, in.DocumentLocation.S3Object.Bucket, in.DocumentLocation.S3Object.Name, in.FeatureTypes)
	case "Textract.GetDocumentAnalysis":
		t.get(w, in.JobID, in.NextToken)
	default:
		Refuse(w, 400, "UnknownOperationException")
	}
}

func options(features []string) (o textract.Options) {
	for _, f := range features {
		o.Features = append(o.Features, textract.Feature(f))
	}
	return o
}

// answer writes an answer of a JSON protocol.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(v)
}

func (t *Textract) start(w http.ResponseWriter, token, bucket, key string, features []string) {
	id := t.byToken[token]
	if id == "" {
		var data []byte
		if t.Object != nil {
			data = t.Object(bucket, key)
		}
		if data == nil {
			Refuse(w, 400, "InvalidS3ObjectException")
			return
		}
		doc := t.Read(data)
		if doc == nil {
			Refuse(w, 400, "UnsupportedDocumentException")
			return
		}
		if t.jobs == nil {
			t.jobs, t.byToken = map[string]*analysis{}, map[string]string{}
		}
		t.Started++
		id = "job-" + strconv.Itoa(t.Started)
		a := &analysis{pages: len(doc.Pages), polls: t.Polls}
		for _, b := range textract.Write(doc, options(features)).Blocks {
			if b.Page != t.Miss {
				a.blocks = append(a.blocks, b)
			}
		}
		t.jobs[id], t.byToken[token] = a, id
	}
	answer(w, map[string]string{"JobId": id})
}

func (t *Textract) get(w http.ResponseWriter, id, next string) {
	a := t.jobs[id]
	if a == nil {
		Refuse(w, 400, "InvalidJobIdException")
		return
	}
	if a.polls > 0 {
		a.polls--
		answer(w, map[string]string{"JobStatus": "IN_PROGRESS"})
		return
	}
	batch, status := t.Batch, t.End
	if batch == 0 {
		batch = 1000
	}
	if status == "" {
		status = "SUCCEEDED"
	}
	at, _ := strconv.Atoi(next)
	end := min(at+batch, len(a.blocks))
	out := map[string]any{"JobStatus": status, "DocumentMetadata": textract.Metadata{Pages: a.pages}, "Blocks": a.blocks[min(at, end):end]}
	if end < len(a.blocks) {
		out["NextToken"] = strconv.Itoa(end)
	}
	if status == "FAILED" {
		out = map[string]any{"JobStatus": status, "StatusMessage": "patient-canary"}
	}
	answer(w, out)
}
