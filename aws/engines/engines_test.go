package engines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cm "github.com/aws/aws-sdk-go-v2/service/comprehendmedical"
	service "github.com/aws/aws-sdk-go-v2/service/textract"
	"github.com/aws/aws-sdk-go-v2/service/textract/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"chartlake/aws/awstest"
	"chartlake/blob/folder"
	"chartlake/clinical"
	"chartlake/clinical/phi"
	"chartlake/fault"
	"chartlake/intake"
	"chartlake/pipeline"
	"chartlake/queue"
	"chartlake/reader"
	"chartlake/reader/readertest"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

const token = "server-token-canary"

// stand is the service on a real store and pipeline; put takes a document in under a name.
type stand struct {
	t        *testing.T
	url      string
	handler  http.Handler
	pipeline *pipeline.Pipeline
	door     *intake.Desk
	names    map[string]string
}

func newStand(t *testing.T) *stand {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := folder.Open(dir+"/blobs", folder.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := reader.Open(reader.Config{CacheDir: readertest.Cache(), NoOCR: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	engine, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	finder, err := phi.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t, names: map[string]string{}}
	s.pipeline = pipeline.New(pipeline.Config{Store: db, Blobs: blobs,
		Stages: pipeline.Stages{Reader: r, Clinical: pipeline.Own{Engine: engine}, Program: "test", Mode: pipeline.Commit}})
	s.door = intake.New(intake.Config{Store: db, Blobs: blobs, Sniff: r.Sniff})
	s.handler = Gate(token, New(Config{Pipeline: s.pipeline, Sniff: r.Sniff, Annotator: pipeline.Identified{Annotator: pipeline.Own{Engine: engine}, Finder: finder},
		Objects: func(ctx context.Context, actor store.Actor, bucket, key string) (*store.Document, error) {
			id, ok := s.names[bucket+"/"+key]
			if !ok {
				return nil, fault.New(fault.NotFound, "no_such_key", "there is no object of this name")
			}
			return s.pipeline.Row(ctx, actor, id)
		},
		Actor: func(r *http.Request, do smart.Action) (store.Actor, error) {
			if err := smart.May(r.Context(), do, "documents"); err != nil {
				return store.Actor{}, err
			}
			return store.Actor{ID: "user:test"}, nil
		}}))
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// put takes a document in, and runs it through the pipeline where it shall be read.
func (s *stand) put(key string, data []byte, read bool) {
	s.t.Helper()
	receipt, err := s.door.Accept(s.t.Context(), store.Actor{ID: "test"}, strings.NewReader(string(data)), intake.Offer{Source: "s3"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.names["intake/"+key] = receipt.ID
	if read {
		s.read(receipt.ID)
	}
}

func (s *stand) read(id string) {
	s.t.Helper()
	if err := s.pipeline.Work(s.t.Context(), queue.Job{Kind: queue.Document, Subject: id}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) config(secret string) sdk.Config {
	c := awstest.Config(s.t, s.url)
	c.Credentials = credentials.NewStaticCredentialsProvider("billing", secret, "")
	return c
}

func note(n int) readertest.Page {
	return readertest.Letter(readertest.Line(72, 740, 14, "PROGRESS NOTE") + readertest.Line(72, 700, 11, fmt.Sprintf("Patient Name: Jane Sample%d", n)) +
		readertest.Line(72, 680, 11, "Date of Birth: 03/04/1961") + readertest.Line(72, 650, 11, "The patient reports chest pain and denies fever."))
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func said(blocks []types.Block, kind types.BlockType) (out []string) {
	for _, b := range blocks {
		if b.BlockType == kind {
			out = append(out, sdk.ToString(b.Text))
		}
	}
	return out
}

// TestTextract: Amazon's client asks what it asks Textract, and understands the answers.
func TestTextract(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c, ctx := service.NewFromConfig(s.config(token)), t.Context()
	one := readertest.PDF("", note(1))
	text, err := c.DetectDocumentText(ctx, &service.DetectDocumentTextInput{Document: &types.Document{Bytes: one}})
	if err != nil {
		t.Fatal(err)
	}
	if lines := said(text.Blocks, types.BlockTypeLine); len(lines) != 4 || lines[0] != "PROGRESS NOTE" || len(said(text.Blocks, types.BlockTypeKeyValueSet)) != 0 || *text.DocumentMetadata.Pages != 1 {
		t.Errorf("text: %q", lines)
	}
	s.put("note.pdf", one, false)
	for name, d := range map[string]*types.Document{"bytes": {Bytes: one}, "object": {S3Object: &types.S3Object{Bucket: sdk.String("intake"), Name: sdk.String("note.pdf")}}} {
		out, err := c.AnalyzeDocument(ctx, &service.AnalyzeDocumentInput{Document: d,
			FeatureTypes:  []types.FeatureType{types.FeatureTypeForms, types.FeatureTypeTables, types.FeatureTypeLayout, types.FeatureTypeQueries},
			QueriesConfig: &types.QueriesConfig{Queries: []types.Query{{Text: sdk.String("What is the date of birth?"), Alias: sdk.String("DOB")}, {Text: sdk.String("What is the policy number?")}}}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff([]string{"03/04/1961"}, said(out.Blocks, types.BlockTypeQueryResult)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(said(out.Blocks, types.BlockTypeQuery)) != 2 || len(said(out.Blocks, types.BlockTypeKeyValueSet)) < 4 || len(said(out.Blocks, types.BlockTypeLayoutText)) == 0 {
			t.Errorf("%s: %d blocks", name, len(out.Blocks))
		}
	}
}

// TestJobs: an object of many pages is given in pieces that make the whole, with the same ids each time.
func TestJobs(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c, ctx := service.NewFromConfig(s.config(token)), t.Context()
	s.put("long.pdf", readertest.PDF("", note(1), note(2), note(3)), false)
	where := &types.DocumentLocation{S3Object: &types.S3Object{Bucket: sdk.String("intake"), Name: sdk.String("long.pdf")}}
	in := &service.StartDocumentAnalysisInput{DocumentLocation: where, JobTag: sdk.String("mine"), FeatureTypes: []types.FeatureType{types.FeatureTypeForms, types.FeatureTypeQueries},
		QueriesConfig: &types.QueriesConfig{Queries: []types.Query{{Text: sdk.String("What is the patient name?"), Pages: []string{"2-*"}}}}}
	job, err := c.StartDocumentAnalysis(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if len(*job.JobId) > 64 || strings.HasPrefix(*job.JobId, "-") {
		t.Errorf("a JobId that clients refuse: %s", *job.JobId)
	}
	if again, err := c.StartDocumentAnalysis(ctx, in); err != nil || *again.JobId != *job.JobId {
		t.Errorf("the same again: %v, %v", again, err)
	}
	if out, err := c.GetDocumentAnalysis(ctx, &service.GetDocumentAnalysisInput{JobId: job.JobId}); err != nil || out.JobStatus != types.JobStatusInProgress {
		t.Errorf("before it is read: %+v, %v", out, err)
	}
	s.read(s.names["intake/long.pdf"])
	all := func(size int32) (ids []string, names []string) {
		var next *string
		for first := true; first || next != nil; first = false {
			out, err := c.GetDocumentAnalysis(ctx, &service.GetDocumentAnalysisInput{JobId: job.JobId, MaxResults: &size, NextToken: next})
			if err != nil {
				t.Fatal(err)
			}
			if out.JobStatus != types.JobStatusSucceeded || *out.DocumentMetadata.Pages != 3 || len(out.Blocks) > int(size) {
				t.Fatalf("%s, %d blocks", out.JobStatus, len(out.Blocks))
			}
			for _, b := range out.Blocks {
				ids = append(ids, *b.Id)
			}
			names = append(names, said(out.Blocks, types.BlockTypeQueryResult)...)
			next = out.NextToken
		}
		return ids, names
	}
	whole, names := all(1000)
	if diff := cmp.Diff([]string{"Jane Sample2", "Jane Sample3"}, names); diff != "" {
		t.Error(diff)
	}
	for _, size := range []int32{1, 7, 64} {
		if ids, _ := all(size); !cmp.Equal(whole, ids) {
			t.Errorf("in pieces of %d: %d blocks, want %d", size, len(ids), len(whole))
		}
	}
	text, err := c.StartDocumentTextDetection(ctx, &service.StartDocumentTextDetectionInput{DocumentLocation: where})
	if err != nil || *text.JobId == *job.JobId {
		t.Fatalf("%v, %v", text, err)
	}
	out, err := c.GetDocumentTextDetection(ctx, &service.GetDocumentTextDetectionInput{JobId: text.JobId})
	if err != nil || len(said(out.Blocks, types.BlockTypeLine)) != 12 || len(said(out.Blocks, types.BlockTypeKeyValueSet)) != 0 {
		t.Errorf("text: %d blocks, %v", len(out.Blocks), err)
	}
}

const sentence = "Zoë Sample denies fever. Has type 2 diabetes mellitus. Takes metformin 500 mg twice daily. Phone 555-010-4477."

// TestComprehendMedical: Amazon's client asks what it asks Comprehend Medical.
func TestComprehendMedical(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c, ctx := cm.NewFromConfig(s.config(token)), t.Context()
	runes := []rune(sentence)
	entities, err := c.DetectEntitiesV2(ctx, &cm.DetectEntitiesV2Input{Text: sdk.String(sentence)})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range entities.Entities {
		if got := string(runes[*e.BeginOffset:*e.EndOffset]); got != *e.Text {
			t.Errorf("%q stands where %q should", got, *e.Text)
		}
		found[*e.Text] = string(e.Category)
		for _, tr := range e.Traits {
			found[*e.Text] += " " + string(tr.Name)
		}
	}
	if found["fever"] != "MEDICAL_CONDITION NEGATION" || found["metformin"] != "MEDICATION" {
		t.Errorf("found %v", found)
	}
	phi, err := c.DetectPHI(ctx, &cm.DetectPHIInput{Text: sdk.String(sentence)})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, e := range phi.Entities {
		if e.Category != "PROTECTED_HEALTH_INFORMATION" {
			t.Errorf("%s is none", *e.Text)
		}
		kinds[string(e.Type)] = true
	}
	if !kinds["PHONE_OR_FAX"] || !kinds["NAME"] {
		t.Errorf("kinds %v", kinds)
	}
	icd, err := c.InferICD10CM(ctx, &cm.InferICD10CMInput{Text: sdk.String(sentence)})
	if err != nil {
		t.Fatal(err)
	}
	diabetes := ""
	for _, e := range icd.Entities {
		if strings.Contains(*e.Text, "diabetes") && len(e.ICD10CMConcepts) > 0 {
			diabetes = *e.ICD10CMConcepts[0].Code
		}
	}
	if !strings.HasPrefix(diabetes, "E11") {
		t.Errorf("diabetes is %q", diabetes)
	}
	rx, err := c.InferRxNorm(ctx, &cm.InferRxNormInput{Text: sdk.String(sentence)})
	if err != nil || len(rx.Entities) != 1 || *rx.Entities[0].Text != "metformin" {
		t.Errorf("drugs %+v, %v", rx, err)
	}
}

// TestRefused: refusals have the names that clients know, and say nothing of what was sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	ctx := t.Context()
	c, m := service.NewFromConfig(s.config(token)), cm.NewFromConfig(s.config(token))
	stranger := service.NewFromConfig(s.config("another"))
	analyze := func(c *service.Client, data []byte, features ...types.FeatureType) error {
		_, err := c.AnalyzeDocument(ctx, &service.AnalyzeDocumentInput{Document: &types.Document{Bytes: data}, FeatureTypes: features})
		return err
	}
	detect := func(text string) error {
		_, err := m.DetectEntitiesV2(ctx, &cm.DetectEntitiesV2Input{Text: &text})
		return err
	}
	one := readertest.PDF("", note(1))
	_, none := c.StartDocumentAnalysis(ctx, &service.StartDocumentAnalysisInput{FeatureTypes: []types.FeatureType{types.FeatureTypeForms},
		DocumentLocation: &types.DocumentLocation{S3Object: &types.S3Object{Bucket: sdk.String("intake"), Name: sdk.String("patient-canary.pdf")}}})
	_, job := c.GetDocumentAnalysis(ctx, &service.GetDocumentAnalysisInput{JobId: sdk.String("patient-canary")})
	_, expense := c.AnalyzeExpense(ctx, &service.AnalyzeExpenseInput{Document: &types.Document{Bytes: one}})
	_, loop := c.AnalyzeDocument(ctx, &service.AnalyzeDocumentInput{Document: &types.Document{Bytes: one}, FeatureTypes: []types.FeatureType{types.FeatureTypeForms},
		HumanLoopConfig: &types.HumanLoopConfig{HumanLoopName: sdk.String("x"), FlowDefinitionArn: sdk.String("arn")}})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"another secret":  {analyze(stranger, one, types.FeatureTypeForms), "InvalidSignatureException"},
		"no features":     {analyze(c, one, "FORM"), "InvalidParameterException"},
		"no queries":      {analyze(c, one, types.FeatureTypeQueries), "InvalidParameterException"},
		"no document":     {analyze(c, []byte("patient-canary"), types.FeatureTypeForms), "UnsupportedDocumentException"},
		"nothing":         {analyze(c, nil, types.FeatureTypeForms), "InvalidParameterException"},
		"several pages":   {analyze(c, readertest.PDF("", note(1), note(2)), types.FeatureTypeForms), "UnsupportedDocumentException"},
		"too large":       {analyze(c, make([]byte, bytesMax+1), types.FeatureTypeForms), "DocumentTooLargeException"},
		"a broken PDF":    {analyze(c, one[:60], types.FeatureTypeForms), "BadDocumentException"},
		"no object":       {none, "InvalidS3ObjectException"},
		"no job":          {job, "InvalidJobIdException"},
		"not offered":     {expense, "UnknownOperationException"},
		"a human loop":    {loop, "InvalidParameterException"},
		"no text":         {detect(""), "InvalidRequestException"},
		"a text too long": {detect(strings.Repeat("a", textMax+1)), "TextSizeLimitExceededException"},
	} {
		if got := code(c.err); got != c.want || strings.Contains(fmt.Sprint(c.err), "canary") {
			t.Errorf("%s: %v, want %s", name, c.err, c.want)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "Textract.AnalyzeDocument")
	s.handler.ServeHTTP(w, r)
	if w.Code != 403 || !strings.Contains(w.Body.String(), "MissingAuthenticationTokenException") {
		t.Errorf("not signed: %d %s", w.Code, w.Body)
	}
}

// TestCLI: the AWS command line asks both services, and a published parser of Textract's answers reads ours.
func TestCLI(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	s := newStand(t)
	s.put("note.pdf", readertest.PDF("", note(1)), false)
	aws := func(args ...string) []byte {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "aws", append([]string{"--endpoint-url", s.url}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=cli", "AWS_SECRET_ACCESS_KEY="+token, "AWS_DEFAULT_REGION=us-east-1",
			"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("aws %s: %v %s", args[0], err, out)
		}
		return out
	}
	answer := aws("textract", "analyze-document", "--document", `{"S3Object":{"Bucket":"intake","Name":"note.pdf"}}`, "--feature-types", "FORMS", "LAYOUT")
	var got struct{ Blocks []struct{ BlockType string } }
	if err := json.Unmarshal(answer, &got); err != nil || len(got.Blocks) < 10 {
		t.Errorf("%d blocks, %v", len(got.Blocks), err)
	}
	if out := aws("comprehendmedical", "detect-entities-v2", "--text", "Denies fever."); !strings.Contains(string(out), "NEGATION") {
		t.Errorf("%s", out)
	}
	dir := os.Getenv("CHARTLAKE_TEXTRACT_PARSER")
	if dir == "" {
		t.Log("CHARTLAKE_TEXTRACT_PARSER names no folder with amazon-textract-response-parser: the answer was not parsed")
		return
	}
	saved := filepath.Join(t.TempDir(), "answer.json")
	if err := os.WriteFile(saved, answer, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "-e", `const {TextractDocument} = require("amazon-textract-response-parser");
const page = new TextractDocument(JSON.parse(require("fs").readFileSync(process.argv[1]))).pageNumber(1);
console.log(page.form.searchFieldsByKey("Date of Birth")[0].value.text)`, saved)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "03/04/1961" {
		t.Errorf("the parser: %s, %v", out, err)
	}
}

// FuzzAsked: no body makes what is asked panic, and none is answered without a signature.
func FuzzAsked(f *testing.F) {
	var targets []string
	for target := range operations {
		targets = append(targets, target)
	}
	f.Add(uint(0), `{"Document":{"Bytes":"JVBERg=="},"FeatureTypes":["FORMS"]}`)
	f.Add(uint(1), `{"JobId":"j`+strings.Repeat("A", documentHalf)+"-"+strings.Repeat("A", requestHalf)+`","NextToken":"1.1"}`)
	f.Add(uint(2), `{"Text":"x"}`)
	f.Fuzz(func(t *testing.T, n uint, body string) {
		a := asked{}
		if json.Unmarshal([]byte(body), &a) == nil {
			_ = a.check(queriesMax)
		}
		var g get
		if json.Unmarshal([]byte(body), &g) == nil && len(g.JobID) != jobLength {
			if _, _, err := (&Service{}).job(t.Context(), store.Actor{}, g.JobID); !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", targets[n%uint(len(targets))])
		Gate(token, New(Config{})).ServeHTTP(w, r)
		if w.Code != 403 {
			t.Fatalf("%d without a signature", w.Code)
		}
	})
}
