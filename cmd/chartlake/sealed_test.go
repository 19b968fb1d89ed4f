package main

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"chartlake/eval/specimen"
	"chartlake/fhir"
	"chartlake/store"
)

// A document comes in by HTTP and is filed; nothing of whom it is about stands in any file of
// the data folder: not the names and numbers of the patient, in the forms in which they are
// stored, not the file's name, and no bytes of the original. Then the patient is erased, and
// neither resources nor document nor original are there any more.
func TestDataFolderIsSealed(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	r := serveSetting(t, setting{dataFolder: dataFolder{Data: data}, Mode: "commit"}, 2)
	doc, err := specimen.Make(21, specimen.LabReport, specimen.Layouts(specimen.LabReport)[0], specimen.PDF)
	if err != nil {
		t.Fatal(err)
	}
	id := r.named(doc.Bytes, "quetzalcanary.pdf")
	if row := r.settled(id); row.State != store.Filed && row.State != store.NeedsReview {
		t.Fatalf("the document is %s (%s)", row.State, row.Code)
	}
	bundle := r.fhir(t, "GET", "/fhir/Patient", 200)
	if len(bundle.Get("entry").Items()) != 1 {
		t.Fatalf("%d patients", len(bundle.Get("entry").Items()))
	}
	patient := bundle.Get("entry").Item(0).Get("resource")
	words := []string{"quetzalcanary", string(doc.Bytes[len(doc.Bytes)/2 : len(doc.Bytes)/2+24])}
	texts(patient, func(text string) {
		words = append(words, text, strings.ToLower(text), strings.ReplaceAll(text, "-", ""))
	})
	if len(words) < 8 {
		t.Fatalf("too little to look for: %q", words)
	}
	scan := func(when string) {
		t.Helper()
		err := filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			for _, w := range words {
				if bytes.Contains(text, []byte(w)) {
					t.Errorf("%s: %s holds %q", when, strings.TrimPrefix(path, data), w)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	scan("filed")
	at := "/fhir/Patient/" + patient.ID()
	r.fhir(t, "POST", at+"/$erase", 200)
	r.fhir(t, "GET", at, 410)
	if got, err := r.Client().Get(r.URL + "/documents/" + id); err != nil || got.StatusCode != 404 {
		t.Errorf("the document: %v, %v", got.Status, err)
	}
	if _, err := r.s.blobs.Open(t.Context(), id); err == nil {
		t.Error("the original is still there")
	}
	for _, typ := range []string{"Observation", "DocumentReference", "Binary", "Provenance"} {
		for _, e := range r.fhir(t, "GET", "/fhir/"+typ, 200).Get("entry").Items() {
			res := e.Get("resource")
			if target := res.Get("target").Item(0).Str("reference"); typ == "Provenance" && ofNobody.MatchString(target) {
				continue
			}
			t.Errorf("%s/%s is still there", typ, res.ID())
		}
	}
	scan("erased")
}

// ofNobody are what stands for no patient and stays when one is erased.
var ofNobody = regexp.MustCompile("^(Organization|Practitioner|Location|Device)/")

// fhir asks for a resource.
func (r *running) fhir(t *testing.T, method, path string, want int) *fhir.Node {
	t.Helper()
	req, err := http.NewRequest(method, r.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		t.Fatalf("%s %s: %d, want %d: %s %v", method, path, resp.StatusCode, want, body, err)
	}
	n, err := fhir.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// telling is what could say something about somebody: no code, no URL.
var telling = regexp.MustCompile(`^[A-Z0-9][A-Za-z0-9 .,'-]{4,}$`)

// texts calls f for the texts of names, numbers, addresses and dates of a resource.
func texts(n *fhir.Node, f func(string)) {
	for _, m := range n.Members() {
		switch m.Name {
		case "name", "birthDate", "address", "telecom", "identifier":
			m.Value.Walk(func(n *fhir.Node) bool {
				if n.Kind() == fhir.String && telling.MatchString(n.Text()) {
					f(n.Text())
				}
				return true
			})
		}
	}
}
