// Package guidance runs Amazon's Guidance for Ingesting PDF and Image Files to AWS HealthLake whole,
// without AWS: a document is put into a bucket of a real S3 server (versitygw), whose event goes through a
// queue to the Lambda function under its runtime API, which reads scans by Textract and text by Comprehend
// Medical and files in a FHIR server, whose tables are Parquet and answer SQL and the board. Textract,
// Comprehend Medical and the FHIR server are one `chartlake serve`, which speaks to Amazon's clients.
//
// There is no code beside its tests. They are skipped where CHARTLAKE_VERSITYGW names no program;
// `make aws-test` gets it.
package guidance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/eval/expected"
	"chartlake/eval/specimen"
	"chartlake/fhir"
	"chartlake/reader"
)

func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

// paper is a fictional document under the key that it is put under, with what it says.
type paper struct {
	key  string
	data []byte
	said *expected.Document
}

// papers are a page of text, a scan that needs Textract, and a letter of problems. Keys have what
// an encoder would change.
func papers(t *testing.T) []paper {
	t.Helper()
	var out []paper
	for i, p := range []struct {
		kind      specimen.Kind
		layout    string
		condition specimen.Condition
	}{
		{specimen.LabReport, "grid", specimen.PDF}, {specimen.LabReport, "half-ruled", specimen.Scan300}, {specimen.DischargeSummary, "classic", specimen.PDF},
	} {
		s, err := specimen.Make(uint64(41+i), p.kind, p.layout, p.condition)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, paper{key: "ward 3/é+" + strconv.Itoa(i) + path.Ext(s.Name), data: s.Bytes, said: s.Expected})
	}
	return out
}

// TestGuidance is the ten steps of the Guidance, as far as they are ours: upload, event, function, parsing,
// key-values into FHIR, text understood, tables, SQL, board.
func TestGuidance(t *testing.T) {
	gateway := os.Getenv("CHARTLAKE_VERSITYGW")
	if gateway == "" {
		t.Skip("CHARTLAKE_VERSITYGW names no versitygw; make aws-test gets it")
	}
	if _, err := exec.LookPath("tesseract"); err != nil {
		t.Skip("tesseract is not installed, and a scan is to be read")
	}
	bin := build(t)
	events := newRuntime(t)
	bucket := openBucket(t, gateway, events.URL+"/events")
	lake := serve(t, filepath.Join(bin, "chartlake"), bucket)
	function(t, filepath.Join(bin, "chartlake-lambda"), events, bucket.address, lake)

	all := papers(t)
	for _, p := range all {
		bucket.put(t, p.key, p.data)
	}
	events.settle(t, 2*len(all)) // each event is delivered twice
	for _, a := range events.answers {
		if a != `response {"batchItemFailures":[]}` {
			t.Errorf("the function answers %s", a)
		}
	}

	t.Run("FHIR", func(t *testing.T) { filed(t, lake, all) })
	t.Run("SQL", func(t *testing.T) { asked(t, filepath.Join(bin, "chartlake"), lake, all) })
	t.Run("Parquet", func(t *testing.T) { kept(t, bucket, events.tables, lake) })
	t.Run("board", func(t *testing.T) { board(t, lake) })
}

// filed: one DocumentReference for each object, of one version however often its event came, which
// names the object.
func filed(t *testing.T, lake string, all []paper) {
	bundle := search(t, lake+"/fhir/DocumentReference?_count=100")
	var got, want []string
	for _, e := range bundle.Get("entry").Items() {
		r := e.Get("resource")
		if v := r.Str("meta", "versionId"); v != "1" {
			t.Errorf("a document was filed %s times", v)
		}
		got = append(got, r.Get("content").Items()[0].Str("attachment", "url"))
	}
	for _, p := range all {
		want = append(want, "s3://"+bucketName+"/"+strings.ReplaceAll(strings.ReplaceAll(p.key, " ", "%20"), "é", "%C3%A9"))
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if n := len(search(t, lake+"/fhir/Patient?_count=100").Get("entry").Items()); n != len(all) {
		t.Errorf("%d patients of %d", n, len(all))
	}
}

// asked: the numbers that the laboratory reports print are the numbers that SQL answers, by the
// command line, with the page that each was read from.
func asked(t *testing.T, chartlake, lake string, all []paper) {
	cmd := exec.Command(chartlake, "sql", "--server", lake, "--format", "json",
		`select d.document_id, o.test, o.value, e.page from observations o
		 join evidence e on e.target_type = 'Observation' and e.target_id = o.fhir_id and e.path like '%value%'
		 join document_references d on d.fhir_id = e.document_reference_id where o.value is not null`)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chartlake sql: %v %s", err, stderrOf(err))
	}
	var answer struct{ Rows [][]any }
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, row := range answer.Rows {
		if row[3] == nil {
			t.Errorf("a value has no page")
		}
		got[fmt.Sprint(row[0], " ", row[2])] = true
	}
	for _, p := range all {
		found, said := 0, 0
		for _, line := range p.said.Lines {
			n, err := strconv.ParseFloat(strings.Join(line["value"].Parts, ""), 64)
			if err != nil {
				continue
			}
			said++
			if got[fmt.Sprint(p.said.Source.SHA256, " ", n)] {
				found++
			}
		}
		// What a scan leaves in doubt waits for a person and is in no table.
		if said > 0 && found < said*8/10 {
			t.Errorf("%s: %d of %d printed numbers are in the table", p.said.ID, found, said)
		}
		t.Logf("%s: %d of %d printed numbers", p.said.ID, found, said)
	}
}

// build makes the programs.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", dir, "chartlake/cmd/chartlake", "chartlake/cmd/chartlake-lambda").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

func stderrOf(err error) string {
	if e, ok := err.(*exec.ExitError); ok {
		return string(e.Stderr)
	}
	return ""
}

func search(t *testing.T, address string) *fhir.Node {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %v %.300s", resp.StatusCode, err, body)
	}
	n, err := fhir.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
