package postgres_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

// What the server holds of bodies, records, stage outputs and names tells nothing; what the
// index needs in order does, which the test looks for to know that it can see.
func TestSealedInTheServer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.URL(t)
	s, err := postgres.Open(ctx, postgres.Config{URL: url, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const canary = "Quetzalcanary"
	id := strings.Repeat("a", 64)
	_, err = s.Transact(ctx, anna, []store.Command{
		store.Update{Resource: storetest.Parse(t, `{"resourceType":"Patient","id":"a","name":[{"family":"%s"}]}`, canary)},
		store.Update{Resource: storetest.Parse(t, `{"resourceType":"Practitioner","id":"a","name":[{"family":"%s"}]}`, canary)},
		store.Receive{Document: store.Document{ID: id, SHA256: id, Patient: canary}, Arrival: store.Arrival{Source: "http", Name: canary + ".pdf"}},
		store.PutStage{Key: store.StageKey{Input: id, Stage: "read", Version: "1"}, Output: []byte(canary)},
		store.PutStage{Key: store.StageKey{Input: strings.Repeat("b", 64), Stage: "other", Version: "1"}, Output: []byte(canary)},
		store.PutRecord{Document: id, Action: "machine", Body: []byte(canary)},
		store.Move{ID: id, From: []store.State{store.Received}, To: store.Failed, Question: canary},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, table := range []string{"version", "document", "arrival", "record", "stage", "audit", "string"} {
		rows, err := c.Query(ctx, `SELECT t::text FROM `+pgx.Identifier{table}.Sanitize()+` t`)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %d rows, %v", table, len(list), err)
		}
		found := false
		for _, row := range list {
			// Bytes are shown in hexadecimal.
			found = found || strings.Contains(strings.ToLower(row), strings.ToLower(canary)) || bytes.Contains([]byte(row), []byte("517565747a616c63616e617279"))
		}
		if found != (table == "string") {
			t.Errorf("%s has the name in clear: %v", table, found)
		}
	}
}
