package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chartlake/aws/awstest"
	"chartlake/bulk"
	"chartlake/eval/specimen"
	"chartlake/fhir"
	"chartlake/reader/readertest"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/seal"
)

// cluster is a database and a bucket that processes share. Each has a data folder of its own, with
// nothing in it but the master key.
type cluster struct {
	t     *testing.T
	s3    *awstest.S3
	proxy *awstest.Proxy
	flags []string
	key   string // file with the master key, once there is one
}

func newCluster(t *testing.T, plan func(int) awstest.Ill) *cluster {
	t.Helper()
	c := &cluster{t: t, s3: &awstest.S3{PageSize: 7, Versions: true}}
	c.proxy = awstest.New(t, c.s3, awstest.XML, plan)
	c.flags = []string{"--store", pgtest.URL(t), "--blobs", "s3://records/site/one", "--accept-clear-index"}
	return c
}

// folder makes a machine's data folder.
func (c *cluster) folder() string {
	c.t.Helper()
	dir := c.t.TempDir()
	if c.key == "" {
		c.key = filepath.Join(dir, seal.MasterFile)
		return dir
	}
	text, err := os.ReadFile(c.key)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, seal.MasterFile), text, 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return dir
}

// program is the program as a process of its own, with a data folder of its own.
func (c *cluster) program(args ...string) *exec.Cmd {
	c.t.Helper()
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	args = append(append([]string{"--cache-dir", readertest.Cache()}, args...), c.flags...)
	args = append(args, "--data", c.folder())
	cmd := exec.Command(self)
	cmd.Env = append(awsEnvironment(c.proxy.URL), asProgram+"="+strings.Join(args, "\n"))
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	return cmd
}

// awsEnvironment points Amazon's SDK at a server of this machine.
func awsEnvironment(address string) []string {
	return []string{"AWS_ENDPOINT_URL_S3=" + address, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull}
}

// start starts a process that goes on until the test ends, and gives its address where it serves.
func (c *cluster) start(until string, args ...string) (cmd *exec.Cmd, address string) {
	c.t.Helper()
	cmd = c.program(args...)
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	in := bufio.NewScanner(said)
	var all strings.Builder
	for in.Scan() {
		fmt.Fprintln(&all, in.Text())
		if strings.Contains(in.Text(), until) {
			go io.Copy(io.Discard, said)
			_, rest, _ := strings.Cut(in.Text(), "serves ")
			address, _, _ = strings.Cut(rest, " ")
			return cmd, address
		}
	}
	c.t.Fatalf("%s ended: %s", args[0], &all)
	return nil, ""
}

func (c *cluster) serve() string {
	_, address := c.start("serves", "serve", "--addr", "127.0.0.1:0", "--workers", "0")
	return address
}

func (c *cluster) work() *exec.Cmd {
	cmd, _ := c.start("worker(s)", "work", "--workers", "1")
	return cmd
}

// once runs a command to its end.
func (c *cluster) once(args ...string) (code int, stdout, stderr string) {
	c.t.Helper()
	cmd := c.program(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// upload posts a file.
func (c *cluster) upload(address string, body []byte) (id string, duplicate bool) {
	resp, err := http.Post(address+"/documents", "application/pdf", bytes.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return "", false
	}
	defer resp.Body.Close()
	var a struct {
		ID          string
		DuplicateOf *string `json:"duplicate_of"`
	}
	err = json.NewDecoder(resp.Body).Decode(&a)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		c.t.Errorf("upload: %d, %v", resp.StatusCode, err)
	}
	return a.ID, a.DuplicateOf != nil
}

// get asks for JSON.
func (c *cluster) get(address string, want int, into any) {
	c.t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != want {
		c.t.Fatalf("GET: %d, want %d", resp.StatusCode, want)
	}
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			c.t.Fatal(err)
		}
	}
}

// settled waits until so many documents are settled, on the live events of a server.
func (c *cluster) settled(address string, want int) {
	c.t.Helper()
	resp, err := http.Get(address + "/events")
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	for live := bufio.NewScanner(resp.Body); ; {
		var list struct {
			Documents []struct{ State, Code string }
		}
		c.get(address+"/documents", 200, &list)
		n := 0
		for _, d := range list.Documents {
			switch d.State {
			case "filed", "needs_review":
				n++
			case "failed", "held", "rejected":
				c.t.Fatalf("a document is %s %s", d.State, d.Code)
			}
		}
		if n >= want {
			return
		}
		for live.Scan() && !strings.HasPrefix(live.Text(), "data:") && !strings.HasPrefix(live.Text(), ":") {
		}
		if live.Err() != nil {
			c.t.Fatal(live.Err())
		}
	}
}

// TestCluster: two servers and a worker on one PostgreSQL database and one bucket that throttles,
// fails, breaks off and loses answers. The same files come in by both servers, at once; the worker is
// killed and another goes on; everything is filed exactly once; imports and exports that one server is
// asked for are done by the worker and given by the other server; what one server erases is gone at the
// other and in the bucket; check finds nothing.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := newCluster(t, awstest.Mixed(25, 5))
	servers := []string{c.serve(), c.serve()}
	worker := c.work()

	const documents, times = 6, 8
	ids := make([]string, documents)
	var group sync.WaitGroup
	var mu sync.Mutex
	first := map[string]int{}
	for n := range documents {
		doc, err := specimen.Make(uint64(100+n), specimen.LabReport, specimen.Layouts(specimen.LabReport)[0], specimen.PDF)
		if err != nil {
			t.Fatal(err)
		}
		for k := range times {
			group.Go(func() {
				id, duplicate := c.upload(servers[k%2], doc.Bytes)
				mu.Lock()
				defer mu.Unlock()
				if !duplicate {
					first[id]++
				}
				ids[n] = id
			})
		}
	}
	group.Wait()
	for _, id := range ids {
		if first[id] != 1 {
			t.Errorf("%d uploads of %s were the first", first[id], id)
		}
	}
	c.settled(servers[1], 1)
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.work()
	c.settled(servers[0], documents)

	for _, address := range servers {
		var bundle struct{ Total int }
		if c.get(address+"/fhir/DocumentReference?_summary=count", 200, &bundle); bundle.Total != documents {
			t.Errorf("%d DocumentReferences of %d documents", bundle.Total, documents)
		}
	}
	for _, id := range ids {
		var doc struct {
			Arrivals []any
			History  []struct{ To string }
		}
		c.get(servers[0]+"/documents/"+id, 200, &doc)
		filed := 0
		for _, h := range doc.History {
			if h.To == "filed" || h.To == "needs_review" {
				filed++
			}
		}
		if filed != 1 || len(doc.Arrivals) != times {
			t.Errorf("%s was filed %d times and came %d times", id, filed, len(doc.Arrivals))
		}
	}
	c.jobs(servers[0], servers[1])
	if n := c.originals(); n != documents {
		t.Errorf("%d originals in the bucket", n)
	}
	c.eraseOne(servers[0], servers[1])
	if n := c.originals(); n != documents-1 {
		t.Errorf("%d originals in the bucket after one was erased", n)
	}
	if code, stdout, stderr := c.once("check"); code != 0 || !strings.Contains(stdout, "no damage") {
		t.Errorf("check: %d %s %s", code, stdout, stderr)
	}
	for ill, n := range map[string]int{"throttled": c.proxy.Had(awstest.Throttle), "lost": c.proxy.Had(awstest.Lost), "half": c.proxy.Had(awstest.Half)} {
		if n == 0 {
			t.Errorf("no request was %s: too few for this test to mean something", ill)
		}
	}
}

// originals counts the objects that are originals; every one must be sealed.
func (c *cluster) originals() (n int) {
	c.t.Helper()
	for _, name := range c.s3.Names("records") {
		switch {
		case strings.HasPrefix(name, "site/one/sealed/"):
			n++
			if bytes.Contains(c.s3.Get("records", name), []byte("%PDF")) {
				c.t.Error("an original is in clear")
			}
		case strings.HasPrefix(name, "site/one/jobs/"):
			if bytes.Contains(c.s3.Get("records", name), []byte("resourceType")) {
				c.t.Error("a file of a job is in clear")
			}
		case name != "site/one/chartlake-originals":
			c.t.Errorf("the bucket has %s", name)
		}
	}
	return n
}

// jobs imports and exports by one server and fetches what came of it from the other. The worker that
// does it has a data folder of its own.
func (c *cluster) jobs(by, other string) {
	c.t.Helper()
	const lines = `{"resourceType":"Practitioner","id":"imported","name":[{"family":"Tester"}]}` + "\n" + `{"resourceType":"Practitioner","id":"refused","name":1}` + "\n"
	post, err := http.NewRequest(http.MethodPost, by+"/fhir/$import", strings.NewReader(lines))
	if err != nil {
		c.t.Fatal(err)
	}
	post.Header.Set("Content-Type", "application/fhir+ndjson")
	if report := c.file(c.job(post, other).Error, other); !strings.Contains(report, "file 1, line 2") {
		c.t.Errorf("the report of the import: %s", report)
	}
	get, err := http.NewRequest(http.MethodGet, by+"/fhir/$export?_type=Practitioner&_typeFilter=Practitioner%3F_id%3Dimported", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	exported := c.job(get, other).Output
	for _, address := range []string{by, other} {
		if text := c.file(exported, address); !strings.Contains(text, `"id":"imported"`) || strings.Count(text, "\n") != 1 {
			c.t.Errorf("exported: %s", text)
		}
	}
}

// job sends a request for a job and asks another server for its end.
func (c *cluster) job(r *http.Request, other string) (m bulk.Manifest) {
	c.t.Helper()
	r.Header.Set("Prefer", "respond-async")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Body.Close()
	_, path, ok := strings.Cut(resp.Header.Get("Content-Location"), "/fhir/")
	if resp.StatusCode != http.StatusAccepted || !ok {
		c.t.Fatalf("%d, no job", resp.StatusCode)
	}
	for ask := time.NewTicker(20 * time.Millisecond); ; <-ask.C {
		resp, err := http.Get(other + "/fhir/" + path)
		if err != nil {
			c.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch {
		case err != nil:
			c.t.Fatal(err)
		case resp.StatusCode == http.StatusAccepted:
			continue
		case resp.StatusCode != http.StatusOK:
			c.t.Fatalf("the job: %d %s", resp.StatusCode, body)
		}
		if err := json.Unmarshal(body, &m); err != nil {
			c.t.Fatal(err)
		}
		return m
	}
}

// file gives the text of the one file of a job, from a server.
func (c *cluster) file(files []bulk.ManifestFile, address string) string {
	c.t.Helper()
	if len(files) != 1 {
		c.t.Fatalf("files: %+v", files)
	}
	_, path, _ := strings.Cut(files[0].URL, "/fhir/")
	resp, err := http.Get(address + "/fhir/" + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("a file: %d, %v", resp.StatusCode, err)
	}
	return string(text)
}

// eraseOne erases a patient by one server, and looks for them by the other.
func (c *cluster) eraseOne(by, other string) {
	c.t.Helper()
	resp, err := http.Get(other + "/fhir/DocumentReference?_count=1&_include=DocumentReference:subject")
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	bundle, err := fhir.Parse(body)
	if err != nil {
		c.t.Fatal(err)
	}
	ref := bundle.Get("entry").Item(0).Get("resource")
	patient := ref.Get("subject").Get("reference").Text()
	original := ref.Get("content").Item(0).Get("attachment").Get("url").Text()
	if !strings.HasPrefix(patient, "Patient/") || original == "" {
		c.t.Fatalf("the document is of %q, at %q", patient, original)
	}
	c.get(other+"/fhir/"+original, 200, nil)
	erased, err := http.Post(by+"/fhir/"+patient+"/$erase", "application/fhir+json", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer erased.Body.Close()
	if text, _ := io.ReadAll(erased.Body); erased.StatusCode != 200 {
		c.t.Fatalf("$erase: %d %s", erased.StatusCode, text)
	}
	c.get(other+"/fhir/"+patient, 410, nil)
	gone, err := http.Get(other + "/fhir/" + original)
	if err != nil {
		c.t.Fatal(err)
	}
	defer gone.Body.Close()
	if gone.StatusCode != 404 && gone.StatusCode != 410 {
		c.t.Errorf("the original of an erased patient: %d", gone.StatusCode)
	}
}
