package fhirmap_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chartlake/eval/specimen"
	"chartlake/fhir/validate"
	"chartlake/fhirmap"
	"chartlake/form"
	"chartlake/reader"
	"chartlake/record"
)

// TestMain lets the reader start this program again as its confined OCR child.
func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

// TestPapersBecomeValidResources reads generated documents of each plainer kind: every
// resource is valid, and the one that the kind is for is there with evidence.
func TestPapersBecomeValidResources(t *testing.T) {
	t.Parallel()
	want := map[specimen.Kind]string{"ub04": "Claim", "eob": "ExplanationOfBenefit", "imaging_report": "DiagnosticReport", "pathology_report": "DiagnosticReport",
		"prescription": "MedicationRequest", "refill_request": "MedicationRequest", "immunization_card": "Immunization", "prior_auth_request": "Claim",
		"prior_auth_determination": "ClaimResponse", "referral": "ServiceRequest"}
	r, err := reader.Open(reader.Config{Workers: 1, CacheDir: filepath.Join(os.TempDir(), "chartlake-test-pdfium")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	v := validate.Validator{Level: validate.Full}
	for kind, resource := range want {
		for _, layout := range specimen.Layouts(kind)[:1] {
			found := 0
			for seed := range uint64(3) {
				sp, err := specimen.Make(60+seed, kind, layout, specimen.PDF)
				if err != nil {
					t.Fatal(err)
				}
				doc, err := r.Read(context.Background(), bytes.NewReader(sp.Bytes), int64(len(sp.Bytes)), reader.Options{})
				if err != nil {
					t.Fatal(err)
				}
				rec := &record.Record{Document: record.Document{SHA256: sp.Expected.Source.SHA256, MediaType: sp.MediaType, Pages: 1}, Segments: form.Understand(doc, form.Us{}), Versions: map[string]string{}}
				in := fhirmap.Input{Document: doc, Record: rec, Received: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Recorded: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
				for i := range rec.Segments {
					in.Subjects = append(in.Subjects, fhirmap.Subject{ID: fhirmap.NewPatientID(rec.Document.SHA256, i), New: true})
				}
				for _, e := range fhirmap.Bundle(in).Get("entry").Items() {
					res := e.Get("resource")
					if res.Type() == resource {
						found++
					}
					if res.Type() == "Binary" {
						continue
					}
					if err := validate.Error(v.Resource(res)); err != nil {
						t.Errorf("%s: %s: %v\n%s", sp.Name, res.Type(), err, res.AppendJSON(nil))
					}
				}
			}
			if found == 0 {
				t.Errorf("%s made no %s", kind, resource)
			}
		}
	}
}
