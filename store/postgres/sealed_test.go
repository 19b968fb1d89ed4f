package postgres_test

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

// contents is every row of every table of a database, as text; bytes stand in hexadecimal.
func contents(t testing.TB, url string) map[string][]string {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	rows, err := c.Query(ctx, `SELECT tablename::text FROM pg_tables WHERE schemaname=current_schema()`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 30 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	all := map[string][]string{}
	for _, table := range tables {
		rows, err := c.Query(ctx, `SELECT t::text FROM `+pgx.Identifier{table}.Sanitize()+` t`)
		if err != nil {
			t.Fatal(err)
		}
		if all[table], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// holding lists the tables that have a text in them, in any case, as it is or in hexadecimal.
func holding(all map[string][]string, text string) (tables []string) {
	text = strings.ToLower(text)
	for table, rows := range all {
		if slices.ContainsFunc(rows, func(row string) bool {
			row = strings.ToLower(row)
			return strings.Contains(row, text) || strings.Contains(row, hex.EncodeToString([]byte(text)))
		}) {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	return tables
}

// No table of the server has what a person is known by. What it does have in clear is looked
// for, too: it says that the test can see.
func TestSealedInTheServer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.URL(t)
	s, err := postgres.Open(ctx, postgres.Config{URL: url, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const name = "Quetzalcanary"
	id := strings.Repeat("a", 64)
	_, err = s.Transact(ctx, anna, []store.Command{
		store.Update{Resource: storetest.Parse(t, `{"resourceType":"Patient","id":"a","identifier":[{"system":"http://h","value":"MRN-7731-X"}],
			"name":[{"family":"%s","given":["Xochiquetzal"],"prefix":["Drviper"],"text":"%s of Tenochtitlan, who has a name that is longer than what any index key has room for"}],
			"telecom":[{"system":"phone","value":"555-83217"},{"system":"email","value":"feathered@serpent.example"}],
			"address":[{"line":["17 Obsidian Causeway"],"city":"Texcocoville","postalCode":"98431-77"}],
			"birthDate":"1961-11-02","deceasedDateTime":"2019-03-04T05:06:07Z"}`, name, name)},
		store.Update{Resource: storetest.Parse(t, `{"resourceType":"Practitioner","id":"a","name":[{"family":"%s"}],"address":[{"city":"Texcocoville"}]}`, name)},
		store.Update{Resource: storetest.Parse(t, `{"resourceType":"RelatedPerson","id":"a","patient":{"reference":"Patient/a"},"name":[{"given":["Xochiquetzal"]}],"birthDate":"1938-08-09"}`)},
		store.Update{Resource: storetest.Parse(t, `{"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"system":"http://c","code":"C-99"}],"text":"Drviper"},
			"subject":{"reference":"Patient/a"},"effectiveDateTime":"2019-05-05","valueString":"%s was here"}`, name)},
		store.Update{Resource: storetest.Parse(t, `{"resourceType":"DocumentReference","id":"a","status":"current","subject":{"reference":"Patient/a"},"description":"scan of %s",
			"content":[{"attachment":{"title":"%s.pdf","url":"http://files/%s/scan.pdf"}}]}`, name, name, name)},
		store.Receive{Document: store.Document{ID: id, SHA256: id, Patient: name}, Arrival: store.Arrival{Source: "http", Name: name + ".pdf"}},
		store.PutStage{Key: store.StageKey{Input: id, Stage: "read", Version: "1"}, Output: []byte(name)},
		store.PutStage{Key: store.StageKey{Input: strings.Repeat("b", 64), Stage: "other", Version: "1"}, Output: []byte(name)},
		store.PutRecord{Document: id, Action: "machine", Body: []byte(name)},
		store.Move{ID: id, From: []store.State{store.Received}, To: store.Failed, Question: name},
	})
	if err != nil {
		t.Fatal(err)
	}
	all := contents(t, url)
	for _, table := range []string{"version", "document", "arrival", "record", "stage", "audit", "hashed", "sealed", "composite_sealed", "token"} {
		if len(all[table]) == 0 {
			t.Errorf("%s has no rows", table)
		}
	}
	for _, private := range []string{name, name[:6], "Xochi", "Drviper", "Tenochtitlan", "MRN-7731", "555-83217", "serpent", "Obsidian", "Texcoco", "98431-77", "C-99",
		"1961-11-02", "1938-08-09", "2019-03-04", millis(t, "1961-11-02"), millis(t, "1938-08-09"), millis(t, "2019-03-04T05:06:07")} {
		if found := holding(all, private); len(found) > 0 {
			t.Errorf("%s stands in %v", private, found)
		}
	}
	for clear, want := range map[string]string{millis(t, "2019-05-05"): "date forward_date", "http://h": "system", "birthdate": "param", "phone": "param"} {
		if found := strings.Join(holding(all, clear), " "); found != want {
			t.Errorf("%s stands in %q, want %q", clear, found, want)
		}
	}
}

// millis is how a date stood in the index.
func millis(t testing.TB, date string) string {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05", (date + "T00:00:00")[:19])
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(at.UnixMilli(), 10)
}
