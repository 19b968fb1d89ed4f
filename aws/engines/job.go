package engines

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"chartlake/document"
	"chartlake/document/textract"
	"chartlake/fault"
	"chartlake/store"
)

// start is the request of StartDocumentAnalysis and StartDocumentTextDetection. ClientRequestToken is
// not needed: the same request of the same document is the same job.
type start struct {
	asked
	DocumentLocation    struct{ S3Object *object }
	JobTag              string
	NotificationChannel any
	OutputConfig        any
}

// job is what is kept of a start, with the document and sealed as it is.
type job struct {
	asked
	Tag string // of notices, which there are none of
}

// stage is the stage under which jobs are kept.
const stage = "textract_job"

// A JobId has 64 characters at most: a letter, so that no command line takes it for a flag, the document's
// hash, a hyphen, and the hash of the request.
const (
	jobLetter    = "j"
	documentHalf = 43 // base64 of 32 bytes
	requestHalf  = 19 // of 14 bytes
	jobLength    = 1 + documentHalf + 1 + requestHalf
)

func startText(s *Service, ctx context.Context, actor store.Actor, in start) (any, error) {
	in.asked = asked{}
	return s.start(ctx, actor, in)
}

func startAnalysis(s *Service, ctx context.Context, actor store.Actor, in start) (any, error) {
	if err := in.check(longMax); err != nil {
		return nil, err
	}
	return s.start(ctx, actor, in)
}

// start keeps what is asked. The document was read, or is being read, since it came in.
func (s *Service) start(ctx context.Context, actor store.Actor, in start) (any, error) {
	switch {
	case in.NotificationChannel != nil:
		return nil, refused("no notices are sent here: ask for the result")
	case in.OutputConfig != nil:
		return nil, refused("results are not written to a bucket here: ask for them")
	case len(in.JobTag) > 64:
		return nil, refused("a JobTag has at most 64 characters")
	}
	doc, err := s.object(ctx, actor, in.DocumentLocation.S3Object)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(job{in.asked, in.JobTag})
	if err != nil {
		return nil, err
	}
	hash, err := hex.DecodeString(doc.SHA256)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	id := jobLetter + base64.RawURLEncoding.EncodeToString(hash) + "-" + base64.RawURLEncoding.EncodeToString(sum[:14])
	_, err = s.Pipeline.Store.Transact(ctx, actor, []store.Command{store.PutStage{Key: keyOf(doc.ID, id), Output: body}})
	return map[string]string{"JobId": id}, err
}

func keyOf(document, id string) store.StageKey {
	return store.StageKey{Input: document, Stage: stage, Version: "1", Part: id[jobLength-requestHalf:]}
}

// get is the request of both Gets.
type get struct {
	JobID      string `json:"JobId"`
	NextToken  string
	MaxResults int
}

// gotten is the answer of GetDocumentAnalysis.
type gotten struct {
	JobStatus        string
	StatusMessage    string             `json:",omitempty"`
	DocumentMetadata *textract.Metadata `json:",omitempty"`
	Blocks           []textract.Block   `json:",omitempty"`
	Warnings         []textract.Warning `json:",omitempty"`
	NextToken        string             `json:",omitempty"`
	Analyze          string             `json:"AnalyzeDocumentModelVersion,omitempty"`
	Detect           string             `json:"DetectDocumentTextModelVersion,omitempty"`
}

func getText(s *Service, ctx context.Context, actor store.Actor, in get) (any, error) {
	out, err := s.get(ctx, actor, in)
	if err == nil {
		out.Detect = model
	}
	return out, err
}

func getAnalysis(s *Service, ctx context.Context, actor store.Actor, in get) (any, error) {
	out, err := s.get(ctx, actor, in)
	if err == nil {
		out.Analyze = model
	}
	return out, err
}

func noJob() error { return fault.New(fault.NotFound, "no_such_job", "there is no such job") }

// job finds a job by its id, for an actor who may see its document.
func (s *Service) job(ctx context.Context, actor store.Actor, id string) (row *store.Document, j job, err error) {
	if len(id) != jobLength || id[:1] != jobLetter || id[1+documentHalf] != '-' {
		return nil, j, noJob()
	}
	hash, err := base64.RawURLEncoding.DecodeString(id[1 : 1+documentHalf])
	if err != nil {
		return nil, j, noJob()
	}
	err = s.Pipeline.Store.View(ctx, actor, func(v store.View) error {
		if row, err = v.Document(hex.EncodeToString(hash)); err != nil {
			return err
		}
		body, ok, err := v.Stage(keyOf(row.ID, id))
		if err == nil && !ok {
			err = noJob()
		}
		if err == nil {
			err = json.Unmarshal(body, &j)
		}
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		err = noJob()
	}
	return row, j, err
}

const resultsMax = 1000

// get gives blocks page by page, without holding the whole document. A token is PAGE.BLOCK.
func (s *Service) get(ctx context.Context, actor store.Actor, in get) (out gotten, err error) {
	limit := resultsMax
	if in.MaxResults != 0 {
		if limit = min(in.MaxResults, resultsMax); limit < 1 {
			return out, refused("MaxResults is 1 to %d", resultsMax)
		}
	}
	page, block := 1, 0
	if in.NextToken != "" {
		a, b, _ := strings.Cut(in.NextToken, ".")
		var err1, err2 error
		page, err1 = strconv.Atoi(a)
		block, err2 = strconv.Atoi(b)
		if err1 != nil || err2 != nil || page < 1 || block < 0 {
			return out, refused("the NextToken is none of ours")
		}
	}
	row, j, err := s.job(ctx, actor, in.JobID)
	if err != nil {
		return out, err
	}
	if row.State == store.Received || row.State == store.Reading {
		out.JobStatus = "IN_PROGRESS"
		return out, nil
	}
	rec, _, err := s.Pipeline.Newest(ctx, actor, row.ID)
	if fault.Is(err, fault.NotFound) {
		out.JobStatus, out.StatusMessage = "FAILED", "the document could not be read: "+row.Code
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.JobStatus, out.DocumentMetadata = "SUCCEEDED", &textract.Metadata{Pages: len(rec.Pages)}
	for _, p := range rec.Pages {
		if p.Failed != nil {
			out.JobStatus = "PARTIAL_SUCCESS"
		}
	}
	for ; page <= len(rec.Pages); page, block = page+1, 0 {
		if len(out.Blocks) == limit {
			break
		}
		read, err := s.Pipeline.Page(ctx, actor, row, page)
		if err != nil {
			return out, err
		}
		written := textract.Write(&document.Document{SHA256: row.ID, Pages: []document.Page{*read}}, j.options(read))
		if block == 0 {
			out.Warnings = append(out.Warnings, written.Warnings...)
		}
		rest := written.Blocks[min(block, len(written.Blocks)):]
		take := min(limit-len(out.Blocks), len(rest))
		out.Blocks = append(out.Blocks, rest[:take]...)
		if take < len(rest) {
			block += take
			break
		}
	}
	if page <= len(rec.Pages) {
		out.NextToken = strconv.Itoa(page) + "." + strconv.Itoa(block)
	}
	return out, nil
}
