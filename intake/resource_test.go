package intake

import (
	"encoding/base64"
	"log/slog"
	"testing"

	"chartlake/fhir"
	"chartlake/store"
)

func binary(id, media, data string) *fhir.Node {
	n := fhir.NewObject("resourceType", "Binary", "id", id, "contentType", media)
	if data != "" {
		n.Set("data", fhir.NewString(base64.StdEncoding.EncodeToString([]byte(data))))
	}
	return n
}

func reference(id string, attachment ...any) *fhir.Node {
	return fhir.NewObject("resourceType", "DocumentReference", "id", id, "status", "current",
		"subject", fhir.NewObject("reference", "Patient/p1"),
		"content", []*fhir.Node{fhir.NewObject("attachment", fhir.NewObject(attachment...))})
}

// TestFollow: what clients store enters once, with the patient that they name; what Chartlake files,
// and what is not read, does not.
func TestFollow(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	log := slog.New(slog.DiscardHandler)
	write := func(resources ...*fhir.Node) {
		t.Helper()
		var steps []store.Command
		for _, r := range resources {
			steps = append(steps, store.Update{Resource: r})
		}
		if _, err := b.Store.Transact(t.Context(), ehr, steps); err != nil {
			t.Fatal(err)
		}
	}
	follow := func(want int) []store.Document {
		t.Helper()
		for {
			more, err := b.FollowOnce(t.Context(), log)
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
		}
		docs := b.documents()
		if len(docs) != want {
			t.Fatalf("%d documents, want %d", len(docs), want)
		}
		return docs
	}
	follow(0)
	write(binary("original", "application/pdf", ""), binary("text", "text/plain; charset=utf-8", "%PDF no file"),
		reference("own", "contentType", "application/pdf", "url", "Binary/original"))
	follow(0)
	write(binary("b1", "application/pdf", "%PDF one"), reference("d1", "contentType", "application/pdf", "url", "Binary/b1"))
	doc := follow(1)[0]
	if doc.Patient != "Patient/p1" || len(doc.Arrivals) != 1 || doc.Arrivals[0].Source != "fhir" {
		t.Errorf("stated patient %q, arrivals %+v", doc.Patient, doc.Arrivals)
	}
	if docs := follow(1); len(docs[0].Arrivals) != 1 {
		t.Errorf("taken again: %+v", docs[0].Arrivals)
	}
	write(reference("d2", "contentType", "application/pdf", "data", base64.StdEncoding.EncodeToString([]byte("%PDF two"))),
		binary("refused", "image/png", "not a picture"), binary("damaged", "application/pdf", ""))
	follow(2)
	for i := range 3 * followPage { // more than one round, and nothing of them is left out or out of order
		write(binary("many"+string(rune('a'+i/10))+string(rune('0'+i%10)), "application/pdf", "%PDF many "+string(rune('A'+i))))
	}
	follow(2 + 3*followPage)
	// Another process, which has seen nothing, goes on where this one has written down that it is.
	other := New(b.Config)
	if more, err := other.FollowOnce(t.Context(), log); err != nil || more {
		t.Errorf("more %v, %v", more, err)
	}
	for _, doc := range follow(2 + 3*followPage) {
		if len(doc.Arrivals) != 1 {
			t.Errorf("%d arrivals", len(doc.Arrivals))
		}
	}
}
