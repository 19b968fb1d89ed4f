package objects

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	service "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"chartlake/aws/awstest"
	"chartlake/aws/sigv4"
	"chartlake/blob/folder"
	"chartlake/fault"
	"chartlake/intake"
	"chartlake/reader"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

const token = "server-token-canary"

// stand is a door on a real store with the service before it; files that begin with %PDF are taken.
type stand struct {
	*Service
	t       testing.TB
	handler http.Handler
	url     string
}

func newStand(t testing.TB, plan func(int) awstest.Ill) *stand {
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
	s := &stand{t: t}
	door := intake.New(intake.Config{Store: db, Blobs: blobs, BytesMax: 20 << 20, Sniff: sniff})
	s.Service = newService(door, dir)
	s.handler = sigv4.Gate{Token: token, Service: "s3", Refuse: Refuse}.Wrap(s.Service)
	if plan == nil { // bodies as they come, not as a proxy sends them on
		server := httptest.NewServer(s.handler)
		t.Cleanup(server.Close)
		s.url = server.URL
	} else {
		s.url = awstest.New(t, s.handler, awstest.XML, plan).URL
	}
	return s
}

func newService(door *intake.Desk, dir string) *Service {
	return New(Config{Door: door, Folder: dir, Actor: func(r *http.Request, do smart.Action) (store.Actor, error) {
		if err := smart.May(r.Context(), do, "documents"); err != nil {
			return store.Actor{}, err
		}
		c, _ := smart.From(r.Context())
		return store.Actor{ID: "user:" + c.ID}, nil
	}})
}

func sniff(file io.ReaderAt, size int64, _ string) (reader.Media, error) {
	head := make([]byte, 4)
	if _, err := file.ReadAt(head, 0); err != nil || string(head) != "%PDF" {
		return reader.Media{}, fault.New(fault.Unsupported, "unsupported_type", "the file is not a PDF, TIFF, JPEG or PNG")
	}
	return reader.Media{Type: "application/pdf", Pages: 1}, nil
}

func (s *stand) client(change ...func(*service.Options)) *service.Client {
	c := awstest.Config(s.t, s.url)
	c.Credentials = credentials.NewStaticCredentialsProvider("scanner-room-2", token, "")
	return service.NewFromConfig(c, append(change, func(o *service.Options) { o.UsePathStyle = true })...)
}

func (s *stand) documents() []store.Document {
	s.t.Helper()
	var docs []store.Document
	err := s.Door.Store.View(s.t.Context(), store.Actor{ID: "test"}, func(v store.View) (err error) {
		docs, _, err = v.Documents(store.DocumentQuery{Limit: 500})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return docs
}

func pdf(n int) string { return fmt.Sprintf("%%PDF document %d", n) }

func (s *stand) put(c *service.Client, key, body string) error {
	_, err := c.PutObject(s.t.Context(), &service.PutObjectInput{Bucket: sdk.String("intake"), Key: &key, Body: strings.NewReader(body)})
	return err
}

func wordOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

// TestPut: what Amazon's client puts is a durable document, under the name that it gave.
func TestPut(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	for name, c := range map[string]*service.Client{
		"as it is":                     s.client(),
		"without the hash of the body": s.client(service.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)),
		"CRC-64/NVME":                  s.client(func(o *service.Options) { o.RequestChecksumCalculation = sdk.RequestChecksumCalculationWhenSupported }),
	} {
		key := "ward 3/Müller + scan (" + name + ").pdf"
		out, err := c.PutObject(t.Context(), &service.PutObjectInput{Bucket: sdk.String("intake"), Key: &key, Body: strings.NewReader("%PDF " + name),
			ChecksumAlgorithm: types.ChecksumAlgorithmSha256, Metadata: map[string]string{"type": "lab_report", "patient": "p1"}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := c.GetObject(t.Context(), &service.GetObjectInput{Bucket: sdk.String("intake"), Key: &key})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil || string(body) != "%PDF "+name || *got.ETag != *out.ETag || *got.ContentType != "application/pdf" {
			t.Errorf("%s: %q, %v", name, body, err)
		}
	}
	docs := s.documents()
	if len(docs) != 3 {
		t.Fatalf("%d documents", len(docs))
	}
	d := docs[0]
	if a := d.Arrivals[0]; a.Source != "s3" || !strings.HasPrefix(a.Name, "intake/ward 3/Müller + scan (") || d.Type != "lab_report" || d.Patient != "p1" {
		t.Errorf("document %+v", d)
	}
	if depth, err := s.Door.Store.Jobs().Depth(t.Context()); err != nil || depth["document"].Waiting != 3 {
		t.Errorf("jobs %v, %v", depth, err)
	}
}

// TestRefused: refusals have the words of S3, and nothing is stored.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	c := s.client()
	wrong := s.client(func(o *service.Options) { o.Credentials = credentials.NewStaticCredentialsProvider("x", "another", "") })
	ctx := t.Context()
	in := sdk.String("intake")
	get := func(key string) error {
		_, err := c.GetObject(ctx, &service.GetObjectInput{Bucket: in, Key: &key})
		return err
	}
	big := bytes.NewReader(make([]byte, 21<<20))
	_, tooBig := c.PutObject(ctx, &service.PutObjectInput{Bucket: in, Key: sdk.String("big.pdf"), Body: big}, service.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
	_, copied := c.CopyObject(ctx, &service.CopyObjectInput{Bucket: in, Key: sdk.String("b.pdf"), CopySource: sdk.String("intake/a.pdf")})
	_, acl := c.GetObjectAcl(ctx, &service.GetObjectAclInput{Bucket: in, Key: sdk.String("a.pdf")})
	_, part := c.UploadPart(ctx, &service.UploadPartInput{Bucket: in, Key: sdk.String("a.pdf"), UploadId: sdk.String("x"), PartNumber: sdk.Int32(1), Body: strings.NewReader("x")})
	_, md5 := c.PutObject(ctx, &service.PutObjectInput{Bucket: in, Key: sdk.String("a.pdf"), Body: strings.NewReader(pdf(1)), ContentMD5: sdk.String("1B2M2Y8AsgTpgAmY7PhCfg==")})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"another secret": {s.put(wrong, "a.pdf", pdf(1)), "SignatureDoesNotMatch"},
		"no document":    {s.put(c, "a.pdf", "PK zip"), "InvalidRequest"},
		"empty":          {s.put(c, "a.pdf", ""), "InvalidArgument"},
		"a long key":     {s.put(c, strings.Repeat("a", 1022), pdf(1)), "KeyTooLongError"},
		"a control":      {s.put(c, "a\u202eb.pdf", pdf(1)), "InvalidArgument"},
		"nothing there":  {get("none.pdf"), "NoSuchKey"},
		"too large":      {tooBig, "EntityTooLarge"},
		"a copy":         {copied, "NotImplemented"},
		"an ACL":         {acl, "NotImplemented"},
		"no such upload": {part, "NoSuchUpload"},
		"another MD5":    {md5, "BadDigest"},
	} {
		if got := wordOf(c.err); got != c.want || strings.Contains(fmt.Sprint(c.err), "canary") {
			t.Errorf("%s: %v, want %s", name, c.err, c.want)
		}
	}
	if n := len(s.documents()); n != 0 {
		t.Errorf("%d documents", n)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest("GET", "/intake/a.pdf", nil))
	var said problem
	if err := xml.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != 403 || said.Code != "AccessDenied" {
		t.Errorf("not signed: %d %s, %v", w.Code, w.Body, err)
	}
}

// TestList: names come in order, in pages, with prefixes, and again after a restart.
func TestList(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	c := s.client()
	for i, key := range []string{"b.pdf", "a/2.pdf", "a/1.pdf", "a/b/3.pdf", "ä é.pdf", "c.pdf", "a-1.pdf"} {
		if err := s.put(c, key, pdf(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.put(c, "c.pdf", pdf(9)); err != nil { // another document under the same name
		t.Fatal(err)
	}
	for range 2 {
		for name, q := range map[string]struct {
			in   service.ListObjectsV2Input
			want []string
		}{
			"all":     {service.ListObjectsV2Input{}, []string{"a-1.pdf", "a/1.pdf", "a/2.pdf", "a/b/3.pdf", "b.pdf", "c.pdf", "ä é.pdf"}},
			"folders": {service.ListObjectsV2Input{Delimiter: sdk.String("/")}, []string{"a-1.pdf", "a/", "b.pdf", "c.pdf", "ä é.pdf"}},
			"prefix":  {service.ListObjectsV2Input{Prefix: sdk.String("a/"), Delimiter: sdk.String("/")}, []string{"a/1.pdf", "a/2.pdf", "a/b/"}},
			"after":   {service.ListObjectsV2Input{StartAfter: sdk.String("a/b/3.pdf")}, []string{"b.pdf", "c.pdf", "ä é.pdf"}},
			"none":    {service.ListObjectsV2Input{Prefix: sdk.String("x")}, nil},
		} {
			for _, size := range []int32{1, 2, 1000} {
				for _, encoding := range []types.EncodingType{"", types.EncodingTypeUrl} {
					in := q.in
					in.Bucket, in.MaxKeys, in.EncodingType = sdk.String("intake"), &size, encoding
					var got []string
					for pages := service.NewListObjectsV2Paginator(c, &in); pages.HasMorePages(); {
						page, err := pages.NextPage(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						if n := len(page.Contents) + len(page.CommonPrefixes); n > int(size) || n != int(*page.KeyCount) {
							t.Errorf("%d in a page of %d", n, size)
						}
						var both []string
						for _, o := range page.Contents {
							both = append(both, *o.Key)
						}
						for _, p := range page.CommonPrefixes {
							both = append(both, *p.Prefix)
						}
						got = append(got, both...)
					}
					if encoding == "" {
						want := append([]string(nil), q.want...)
						sortBoth(got)
						sortBoth(want)
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("%s by %d: %s", name, size, diff)
						}
					} else if len(got) != len(q.want) || name == "all" && got[len(got)-1] != "%C3%A4%20%C3%A9.pdf" {
						t.Errorf("%s, encoded: %q", name, got)
					}
				}
			}
		}
		head, err := c.HeadObject(t.Context(), &service.HeadObjectInput{Bucket: sdk.String("intake"), Key: sdk.String("c.pdf")})
		if err != nil || *head.ContentLength != int64(len(pdf(9))) {
			t.Errorf("the newest of a name: %+v, %v", head, err)
		}
		buckets, err := c.ListBuckets(t.Context(), &service.ListBucketsInput{})
		if err != nil || len(buckets.Buckets) != 1 || *buckets.Buckets[0].Name != "intake" {
			t.Errorf("buckets %+v, %v", buckets, err)
		}
		*s.Service = *newService(s.Door, t.TempDir()) // as after a restart: names come from the store
	}
	first, err := c.ListObjects(t.Context(), &service.ListObjectsInput{Bucket: sdk.String("intake"), MaxKeys: sdk.Int32(2)})
	if err != nil || len(first.Contents) != 2 || *first.NextMarker != "a/1.pdf" {
		t.Errorf("%+v, %v", first, err)
	}
}

func sortBoth(s []string) {
	for i := range s {
		for j := i; j > 0 && s[j] < s[j-1]; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

// TestKept: nothing is deleted, and every refusal says so.
func TestKept(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	c := s.client()
	if err := s.put(c, "a.pdf", pdf(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteObject(t.Context(), &service.DeleteObjectInput{Bucket: sdk.String("intake"), Key: sdk.String("a.pdf")}); wordOf(err) != "AccessDenied" {
		t.Errorf("delete: %v", err)
	}
	out, err := c.DeleteObjects(t.Context(), &service.DeleteObjectsInput{Bucket: sdk.String("intake"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: sdk.String("a.pdf")}}}})
	if err != nil || len(out.Errors) != 1 || *out.Errors[0].Code != "AccessDenied" || len(out.Deleted) != 0 {
		t.Errorf("delete of some: %+v, %v", out, err)
	}
	if _, err := c.DeleteBucket(t.Context(), &service.DeleteBucketInput{Bucket: sdk.String("intake")}); wordOf(err) != "AccessDenied" {
		t.Errorf("delete of all: %v", err)
	}
	_, err = c.PutObject(t.Context(), &service.PutObjectInput{Bucket: sdk.String("intake"), Key: sdk.String("a.pdf"), Body: strings.NewReader(pdf(2)), IfNoneMatch: sdk.String("*")})
	if wordOf(err) != "PreconditionFailed" || len(s.documents()) != 1 {
		t.Errorf("only if there is none: %v", err)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	c := s.client()
	if err := s.put(c, "a.pdf", "%PDF 0123456789"); err != nil {
		t.Fatal(err)
	}
	for ranged, want := range map[string]string{"bytes=0-3": "%PDF", "bytes=5-": "0123456789", "bytes=-2": "89", "bytes=14-99": "9"} {
		out, err := c.GetObject(t.Context(), &service.GetObjectInput{Bucket: sdk.String("intake"), Key: sdk.String("a.pdf"), Range: &ranged})
		if err != nil {
			t.Fatalf("%s: %v", ranged, err)
		}
		if got, _ := io.ReadAll(out.Body); string(got) != want {
			t.Errorf("%s: %q", ranged, got)
		}
	}
	_, err := c.GetObject(t.Context(), &service.GetObjectInput{Bucket: sdk.String("intake"), Key: sdk.String("a.pdf"), Range: sdk.String("bytes=15-")})
	if wordOf(err) != "InvalidRange" {
		t.Errorf("behind the end: %v", err)
	}
}

// TestLinks: a link that was signed ahead works as a person uses it, without credentials.
func TestLinks(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	links := service.NewPresignClient(s.client())
	up, err := links.PresignPutObject(t.Context(), &service.PutObjectInput{Bucket: sdk.String("intake"), Key: sdk.String("a b.pdf")})
	if err != nil {
		t.Fatal(err)
	}
	down, err := links.PresignGetObject(t.Context(), &service.GetObjectInput{Bucket: sdk.String("intake"), Key: sdk.String("a b.pdf")})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, url, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(got)
	}
	if status, body := ask("PUT", up.URL, pdf(1)); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := ask("GET", down.URL, ""); status != 200 || body != pdf(1) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask("GET", strings.Replace(down.URL, "a%20b", "b%20a", 1), ""); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("another object: %d %s", status, body)
	}
}

// TestParts: an upload in parts is one document, once it is completed, and not before.
func TestParts(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	c, ctx, in, key := s.client(), t.Context(), sdk.String("intake"), sdk.String("long.pdf")
	first := "%PDF" + strings.Repeat("a", partMin)
	begin := func() *string {
		up, err := c.CreateMultipartUpload(ctx, &service.CreateMultipartUploadInput{Bucket: in, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return up.UploadId
	}
	send := func(id *string, n int32, body string) types.CompletedPart {
		out, err := c.UploadPart(ctx, &service.UploadPartInput{Bucket: in, Key: key, UploadId: id, PartNumber: &n, Body: strings.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		return types.CompletedPart{PartNumber: &n, ETag: out.ETag}
	}
	complete := func(id *string, parts ...types.CompletedPart) (string, error) {
		out, err := c.CompleteMultipartUpload(ctx, &service.CompleteMultipartUploadInput{Bucket: in, Key: key, UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		if err != nil {
			return "", err
		}
		return *out.ETag, nil
	}
	id := begin()
	tail := send(id, 7, "the end")
	send(id, 2, "another try")
	head := send(id, 2, first)
	if listed, err := c.ListParts(ctx, &service.ListPartsInput{Bucket: in, Key: key, UploadId: id}); err != nil || len(listed.Parts) != 2 || *listed.Parts[0].Size != int64(len(first)) {
		t.Errorf("parts %+v, %v", listed, err)
	}
	if open, err := c.ListMultipartUploads(ctx, &service.ListMultipartUploadsInput{Bucket: in}); err != nil || len(open.Uploads) != 1 || *open.Uploads[0].Key != "long.pdf" {
		t.Errorf("uploads %+v, %v", open, err)
	}
	if len(s.documents()) != 0 {
		t.Error("a document before it is complete")
	}
	for want, parts := range map[string][]types.CompletedPart{
		"InvalidPartOrder": {tail, head}, "InvalidPart": {head, {PartNumber: sdk.Int32(8), ETag: tail.ETag}}, "MalformedXML": nil,
		"EntityTooSmall": {send(id, 1, "%PDF"), head},
	} {
		if _, err := complete(id, parts...); wordOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	one, err := complete(id, head, tail)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := complete(id, head, tail); err != nil || again != one { // as a client does that lost the answer
		t.Errorf("%s, %v", again, err)
	}
	got, err := c.GetObject(ctx, &service.GetObjectInput{Bucket: in, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(got.Body); string(body) != first+"the end" {
		t.Errorf("%d bytes", len(body))
	}
	if docs := s.documents(); len(docs) != 1 || len(docs[0].Arrivals) != 1 || tag(docs[0].ID) != one {
		t.Errorf("documents %+v", docs)
	}
	gone := begin()
	part := send(gone, 1, first)
	if _, err := c.AbortMultipartUpload(ctx, &service.AbortMultipartUploadInput{Bucket: in, Key: key, UploadId: gone}); err != nil {
		t.Error(err)
	}
	if _, err := complete(gone, part); wordOf(err) != "NoSuchUpload" {
		t.Errorf("an upload that was given up: %v", err)
	}
	if files, err := filepath.Glob(filepath.Join(s.Folder, "part-*")); err != nil || len(files) != 0 {
		t.Errorf("files with names: %v, %v", files, err)
	}
}

// TestThroughIllness: through a network that loses, repeats and refuses, every object is one document.
func TestThroughIllness(t *testing.T) {
	t.Parallel()
	s := newStand(t, awstest.Mixed(3, 11))
	c := s.client(func(o *service.Options) { o.RetryMaxAttempts = 12 })
	for i := range 30 {
		if err := s.put(c, fmt.Sprintf("%d.pdf", i), pdf(i)); err != nil {
			t.Fatal(err)
		}
	}
	docs := s.documents()
	seen := map[string]bool{}
	for _, d := range docs {
		seen[d.Arrivals[0].Name] = true
	}
	if len(docs) != 30 || len(seen) != 30 {
		t.Errorf("%d documents under %d names, want 30", len(docs), len(seen))
	}
}

// TestCLI: the AWS command line copies there and back, lists and synchronises.
func TestCLI(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	s := newStand(t, nil)
	dir := t.TempDir()
	aws := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "aws", append([]string{"--endpoint-url", s.url}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=scanner", "AWS_SECRET_ACCESS_KEY="+token, "AWS_DEFAULT_REGION=eu-central-1",
			"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("scans/a 1.pdf", pdf(1))
	write("scans/b/2.pdf", "%PDF"+strings.Repeat("b", 9<<20)) // in parts
	if out, err := aws("s3", "sync", "--no-progress", filepath.Join(dir, "scans"), "s3://intake/ward"); err != nil || strings.Count(out, "upload:") != 2 {
		t.Fatalf("%s, %v", out, err)
	}
	if out, err := aws("s3", "ls", "--recursive", "s3://intake"); err != nil || !strings.Contains(out, "ward/a 1.pdf") || !strings.Contains(out, "9437188 ward/b/2.pdf") {
		t.Errorf("%s, %v", out, err)
	}
	back := filepath.Join(dir, "back.pdf")
	if out, err := aws("s3", "cp", "s3://intake/ward/b/2.pdf", back); err != nil {
		t.Fatalf("%s, %v", out, err)
	}
	if got, err := os.ReadFile(back); err != nil || len(got) != 4+9<<20 || !bytes.HasPrefix(got, []byte("%PDFb")) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	if out, err := aws("s3", "cp", write("no.txt", "text"), "s3://intake/no.txt"); err == nil || !strings.Contains(out, "InvalidRequest") || !strings.Contains(out, "unsupported_type") {
		t.Errorf("%s, %v", out, err)
	}
	if len(s.documents()) != 2 {
		t.Errorf("%d documents", len(s.documents()))
	}
}

// FuzzNames asks with any path and query: no panic, no answer but 200, 3xx and 4xx, 501.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"/intake/a.pdf", "/", "//", "/intake", "/IN/a", "/intake/../a", "/intake/%00"} {
		f.Add("GET", s, "list-type=2&prefix=a&delimiter=/&max-keys=1", "")
	}
	f.Add("POST", "/intake", "delete", "<Delete><Object><Key>a</Key></Object></Delete>")
	f.Add("POST", "/intake/a", "uploads", "")
	s := newStand(f, nil)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		r = r.WithContext(smart.With(r.Context(), smart.Owner("fuzz")))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 501 || w.Code < 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}
