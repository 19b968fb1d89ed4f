package form_test

import (
	"testing"

	"chartlake/eval/score"
	"chartlake/eval/specimen"
	"chartlake/form"
	"chartlake/record"
)

// TestGeneratedDocuments reads born-digital documents of the development layouts: the type is
// always right, nearly every value is found by name, and nothing accepted is wrong. Layouts
// that are kept apart are measured by "chartlake eval documents" only.
func TestGeneratedDocuments(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads three dozen documents")
	}
	r := open(t)
	for _, kind := range specimen.Kinds() {
		for _, layout := range specimen.Layouts(kind) {
			var sum score.Result
			for seed := range uint64(3) {
				sp, err := specimen.Make(40+seed, kind, layout, specimen.PDF)
				if err != nil {
					t.Fatal(err)
				}
				doc := read(t, r, sp.Bytes)
				segments := form.Understand(doc, form.Us{})
				checkPromises(t, sp.Name, doc, segments)
				s := score.Document(sp.Expected, &record.Record{Segments: segments}, nil)
				sum.Type.Add(s.Type)
				sum.Recall.Add(s.Recall)
				sum.Cells.Add(s.Cells)
				sum.Wrong.Add(s.Wrong)
				sum.Checks.Add(s.Checks)
			}
			at := string(kind) + "/" + layout
			if sum.Type.Right != sum.Type.Of {
				t.Errorf("%s: type right in %d of %d", at, sum.Type.Right, sum.Type.Of)
			}
			if 100*sum.Recall.Right < 97*sum.Recall.Of {
				t.Errorf("%s: %d of %d values by name", at, sum.Recall.Right, sum.Recall.Of)
			}
			if 100*sum.Cells.Right < 98*sum.Cells.Of {
				t.Errorf("%s: %d of %d cells", at, sum.Cells.Right, sum.Cells.Of)
			}
			if 200*sum.Wrong.Right > sum.Wrong.Of {
				t.Errorf("%s: %d of %d accepted values are wrong", at, sum.Wrong.Right, sum.Wrong.Of)
			}
			if sum.Checks.Right != sum.Checks.Of {
				t.Errorf("%s: %d of %d checks that must stay silent", at, sum.Checks.Right, sum.Checks.Of)
			}
		}
	}
}

// readTypes are the plainer kinds whose fields and rows are read and mapped; of the others
// the type is what counts.
var readTypes = map[specimen.Kind]bool{"ub04": true, "eob": true, "remittance": true, "imaging_report": true, "operative_report": true, "prescription": true,
	"refill_request": true, "medication_administration_record": true, "prior_auth_request": true, "prior_auth_determination": true}

// TestGeneratedPapers reads the plainer kinds in their development designs: types are right,
// what is accepted is right, every planted contradiction is raised and nothing else is.
func TestGeneratedPapers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads eighty documents")
	}
	r := open(t)
	var types, wrong, flags, checks, values score.Share
	for _, kind := range specimen.PaperKinds() {
		for i, layout := range specimen.Layouts(kind) {
			sp, err := specimen.Make(70+uint64(i), kind, layout, specimen.PDF)
			if err != nil {
				t.Fatal(err)
			}
			doc := read(t, r, sp.Bytes)
			segments := form.Understand(doc, form.Us{})
			checkPromises(t, sp.Name, doc, segments)
			s := score.Document(sp.Expected, &record.Record{Segments: segments}, nil)
			types.Add(s.Type)
			wrong.Add(s.Wrong)
			flags.Add(s.Flags)
			checks.Add(s.Checks)
			if s.Flags.Right != s.Flags.Of || s.Checks.Right != s.Checks.Of {
				t.Errorf("%s: %d of %d planted flags, %d of %d checks silent", sp.Name, s.Flags.Right, s.Flags.Of, s.Checks.Right, s.Checks.Of)
			}
			if readTypes[kind] {
				values.Add(s.Recall)
				values.Add(s.Cells)
			}
		}
	}
	if 100*types.Right < 98*types.Of {
		t.Errorf("types: %v", types)
	}
	if 100*values.Right < 95*values.Of {
		t.Errorf("values: %v", values)
	}
	if 200*wrong.Right > wrong.Of {
		t.Errorf("wrong among accepted: %v", wrong)
	}
	if flags.Of < 5 {
		t.Errorf("only %d contradictions were planted", flags.Of)
	}
	t.Logf("types %v, values %v, wrong %v, flags %v, checks %v", types, values, wrong, flags, checks)
}

// BenchmarkUnderstand is the cost of this stage for one dense page.
func BenchmarkUnderstand(b *testing.B) {
	sp, err := specimen.Make(40, specimen.LabReport, "grid", specimen.PDF)
	if err != nil {
		b.Fatal(err)
	}
	t := &testing.T{}
	doc := read(t, open(t), sp.Bytes)
	b.ResetTimer()
	for b.Loop() {
		form.Understand(doc, form.Us{})
	}
}
