// Package engines answers clients of Amazon Textract and Amazon Comprehend Medical with Chartlake's
// own engines: POST / with X-Amz-Target and JSON, errors in the shapes of those services, so that a
// program which calls them needs another address and nothing else.
//
// Textract: DetectDocumentText and AnalyzeDocument (TABLES, FORMS, LAYOUT, QUERIES, SIGNATURES) read a
// document of one page that comes with the request, or lies among the objects (package objects);
// StartDocumentTextDetection, StartDocumentAnalysis and their Gets give what was read of an object
// when it came in, of any length, without reading it again. Comprehend Medical: DetectEntitiesV2,
// DetectPHI, InferICD10CM, InferRxNorm. Codes of RxNorm need an imported release.
//
// It refuses what it cannot do rather than leave it out: adapters, human loops, notices to SNS, output
// to a bucket. Limits are those of the services. Nothing that comes with a request is stored.
//
// Source: Amazon Textract and Amazon Comprehend Medical API Reference; AWS JSON 1.1 protocol (Smithy).
package engines

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/aws/sigv4"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/smart"
	"chartlake/store"
)

// BodyMax is the largest request in bytes: 10 MB of a document in base64, and what is around it.
const BodyMax = 14 << 20

// Config is what the service needs. All fields are required but Objects and AtOnce.
type Config struct {
	Pipeline *pipeline.Pipeline
	// Sniff refuses what is no document; see reader.Reader.
	Sniff func(file io.ReaderAt, size int64, password string) (reader.Media, error)
	// Annotator finds mentions and what identifies a person (pipeline.Identified).
	Annotator pipeline.Annotator
	// Objects gives the document of an object; nil: there are no objects.
	Objects func(ctx context.Context, actor store.Actor, bucket, key string) (*store.Document, error)
	// Actor asks whether the caller may do this, and says who they are to the store.
	Actor func(*http.Request, smart.Action) (store.Actor, error)
	// AtOnce is how many requests are worked on; 2. Others wait a while, then are throttled.
	AtOnce int
}

// Service answers the two services' protocol. It is safe for many goroutines.
type Service struct {
	Config
	places chan struct{}
}

// New makes a service.
func New(c Config) *Service {
	if c.AtOnce <= 0 {
		c.AtOnce = 2
	}
	return &Service{c, make(chan struct{}, c.AtOnce)}
}

// Prefixes of X-Amz-Target.
const (
	textractTarget   = "Textract."
	comprehendTarget = "ComprehendMedical_20181030."
)

// Asks reports a request for one of the services, and which one signs it.
func Asks(r *http.Request) (signedFor string, ok bool) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return "", false
	}
	target := r.Header.Get("X-Amz-Target")
	if strings.HasPrefix(target, comprehendTarget) {
		return "comprehendmedical", true
	}
	return "textract", target != ""
}

// Gate lets clients in who sign with the server's token (package sigv4).
func Gate(token string, next http.Handler) http.Handler {
	signed := func(service string) http.Handler {
		return sigv4.Gate{Token: token, Service: service, BodyMax: BodyMax, Refuse: Refuse}.Wrap(next)
	}
	textract, comprehend := signed("textract"), signed("comprehendmedical")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if service, _ := Asks(r); service == "comprehendmedical" {
			comprehend.ServeHTTP(w, r)
			return
		}
		textract.ServeHTTP(w, r)
	})
}

// operation answers a request of its own form.
type operation func(s *Service, ctx context.Context, actor store.Actor, body []byte) (any, error)

var operations = map[string]operation{
	textractTarget + "DetectDocumentText":         of(detectText),
	textractTarget + "AnalyzeDocument":            of(analyze),
	textractTarget + "StartDocumentTextDetection": of(startText),
	textractTarget + "GetDocumentTextDetection":   of(getText),
	textractTarget + "StartDocumentAnalysis":      of(startAnalysis),
	textractTarget + "GetDocumentAnalysis":        of(getAnalysis),
	comprehendTarget + "DetectEntitiesV2":         of(detectEntities),
	comprehendTarget + "DetectPHI":                of(detectPHI),
	comprehendTarget + "InferICD10CM":             of(inferICD10CM),
	comprehendTarget + "InferRxNorm":              of(inferRxNorm),
}

// of reads the body of an operation. Members that are not known are left alone, as the services do.
func of[In any](do func(*Service, context.Context, store.Actor, In) (any, error)) operation {
	return func(s *Service, ctx context.Context, actor store.Actor, body []byte) (any, error) {
		var in In
		if json.Unmarshal(body, &in) != nil {
			return nil, fault.New(fault.Invalid, "not_json", "the body is not the JSON of this operation")
		}
		return do(s, ctx, actor, in)
	}
}

// ServeHTTP answers a request whose caller is known.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := s.answer(r)
	if err != nil {
		audit.Of(r.Context()).Fails(err)
		Refuse(w, r, err)
		return
	}
	body, err := json.Marshal(out)
	if err != nil {
		Refuse(w, r, err)
		return
	}
	head(w)
	_, _ = w.Write(body)
}

func (s *Service) answer(r *http.Request) (any, error) {
	do := operations[r.Header.Get("X-Amz-Target")]
	if do == nil {
		return nil, fault.New(fault.Unsupported, "unknown_operation", "the operation is not offered here")
	}
	actor, err := s.Actor(r, smart.Read)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, BodyMax+1))
	switch {
	case fault.As(err) != nil:
		return nil, err
	case err != nil:
		return nil, fault.New(fault.Invalid, "incomplete", "the body ended before its end")
	case len(body) > BodyMax:
		return nil, fault.New(fault.TooLarge, "request_too_large", "the request has more than %d bytes", BodyMax)
	}
	return do(s, r.Context(), actor, body)
}

// patience is how long a request waits for a place.
const patience = 20 * time.Second

// enter waits for a place to work.
func (s *Service) enter(ctx context.Context) (leave func(), err error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.places <- struct{}{}:
		return func() { <-s.places }, nil
	case <-timer.C:
		return nil, fault.New(fault.Unavailable, "busy", "too much work at the moment; ask again later")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func head(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", w.Header().Get("X-Request-Id"))
	w.Header().Set("Cache-Control", "no-store")
}
