package analytics

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"chartlake/analytics/view"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/record"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

var anna = store.Actor{ID: "user:anna", Name: "Anna"}

func opened(t *testing.T, resources ...string) *sqlite.Store {
	t.Helper()
	db, err := sqlite.Open(context.Background(), sqlite.Config{Folder: t.TempDir(), Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var commands []store.Command
	for _, r := range resources {
		n, err := fhir.Parse([]byte(r))
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, store.Update{Resource: n})
	}
	if _, err := db.Transact(context.Background(), anna, commands); err != nil {
		t.Fatal(err)
	}
	return db
}

// rowsOf gives a table's rows as objects.
func rowsOf(t *testing.T, db store.Store, actor store.Actor, name string) (out []map[string]any) {
	t.Helper()
	tables, err := Named([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(context.Background(), actor, func(v store.View) error {
		return tables[0].Rows(context.Background(), v, func(row []any) error {
			o := map[string]any{}
			for i, c := range tables[0].Columns {
				if row[i] != nil {
					o[c.Name] = row[i]
				}
			}
			out = append(out, o)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const (
	ada    = `{"resourceType":"Patient","id":"ada","name":[{"family":"Fair","given":["Ada","B"]}],"birthDate":"1961-11","gender":"female","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"7"}]}`
	ben    = `{"resourceType":"Patient","id":"ben"}`
	sodium = `{"resourceType":"Observation","id":"na","status":"final","subject":{"reference":"Patient/ada"},"code":{"text":"Sodium","coding":[{"system":"http://loinc.org","code":"2951-2"}]},"effectiveDateTime":"2024-05-01","valueQuantity":{"value":140.50,"unit":"mmol/L"},"referenceRange":[{"low":{"value":136},"high":{"value":145}}]}`
	statin = `{"resourceType":"MedicationStatement","id":"s","status":"active","subject":{"reference":"Patient/ben"},"medicationCodeableConcept":{"text":"atorvastatin"}}`
	scan   = `{"resourceType":"DocumentReference","id":"dr","status":"current","subject":{"reference":"Patient/ada"},"type":{"text":"lab_report","coding":[{"system":"http://loinc.org","code":"11502-2"}]},"identifier":[{"system":"https://chartlake.dev/fhir/sha256","value":"abc"}],"extension":[{"url":"https://chartlake.dev/fhir/StructureDefinition/page-range","valueRange":{"low":{"value":2},"high":{"value":3}}}],"content":[{"attachment":{"contentType":"application/pdf","url":"s3://in/x.pdf"}}]}`
	order  = `{"resourceType":"MedicationRequest","id":"o","status":"draft","intent":"order","subject":{"reference":"Patient/ben"},"medicationCodeableConcept":{"text":"insulin"}}`
)

func TestTables(t *testing.T) {
	t.Parallel()
	db := opened(t, ada, ben, sodium, statin, order, scan)
	references := rowsOf(t, db, anna, "document_references")
	if len(references) != 1 || references[0]["document_id"] != "abc" || references[0]["type"] != "lab_report" || references[0]["patient_id"] != "ada" ||
		references[0]["url"] != "s3://in/x.pdf" || references[0]["first_page"] != int64(2) || references[0]["last_page"] != int64(3) {
		t.Errorf("document references %v", references)
	}
	patients := rowsOf(t, db, anna, "patients")
	if len(patients) != 2 || patients[0]["given"] != "Ada B" || patients[0]["birth_date"] != "1961-11" || patients[0]["mrn"] != "7" || patients[0]["fhir_version"] != "1" {
		t.Errorf("patients %v", patients)
	}
	observations := rowsOf(t, db, anna, "observations")
	if len(observations) != 1 || observations[0]["value"] != view.Number("140.50") || observations[0]["patient_id"] != "ada" || observations[0]["low"] != view.Number("136") {
		t.Errorf("observations %v", observations)
	}
	medications := rowsOf(t, db, anna, "medications")
	if len(medications) != 2 || medications[0]["kind"] == medications[1]["kind"] {
		t.Errorf("medications %v", medications)
	}
	// Who is confined to a patient has rows of that patient alone.
	confined := store.Actor{ID: "user:p", Patients: []string{"ben"}}
	if p, o := rowsOf(t, db, confined, "patients"), rowsOf(t, db, confined, "observations"); len(p) != 1 || p[0]["fhir_id"] != "ben" || len(o) != 0 {
		t.Errorf("confined: %v %v", p, o)
	}
}

// Every table has its columns once, under names that SQL takes, and rows as wide as they are.
func TestColumns(t *testing.T) {
	t.Parallel()
	reserved := []string{"end", "start", "order", "group", "select", "from", "table", "user"}
	for _, table := range Tables() {
		var names []string
		for _, c := range table.Columns {
			if slices.Contains(names, c.Name) || slices.Contains(reserved, c.Name) || c.Type == "" {
				t.Errorf("%s: column %s %s", table.Name, c.Name, c.Type)
			}
			names = append(names, c.Name)
		}
	}
	value, received := "12.5", time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)
	settled := received.Add(90500 * time.Millisecond)
	d := &Recorded{version: 3, doc: &store.Document{ID: "d", ReceivedAt: received, SettledAt: &settled, Arrivals: []store.Arrival{{Source: "http"}}}, rec: &record.Record{
		Pages: []record.Page{{Page: 1, Words: 4}},
		Segments: []record.Segment{{Type: "lab_report", Fields: []record.Field{{Name: "mrn", Value: &value, Human: &record.Human{Who: "anna"}, Machine: &record.Field{}}},
			Lines:    []map[string]record.Field{{"test": {Value: &value}, "unit": {}}},
			Entities: []record.Entity{{Text: "cough", Negated: true, Codes: []record.Code{{Code: "R05"}}}},
			Flags:    []record.Flag{{Code: "page_missing"}}}}}}
	want := map[string]int{"documents": 1, "pages": 1, "segments": 1, "fields": 3, "corrections": 1, "entities": 1, "flags": 1}
	for _, table := range documentTables {
		n := 0
		err := table.rows(d, func(row []any) error {
			if n++; len(row) != len(table.Columns) {
				t.Errorf("%s: %d values in %d columns", table.Name, len(row), len(table.Columns))
			}
			if last := table.Columns[len(row)-1].Name; last == "turnaround" && row[len(row)-1] != view.Number("90.5") {
				t.Errorf("turnaround %v", row[len(row)-1])
			}
			return nil
		})
		if err != nil || n != want[table.Name] {
			t.Errorf("%s: %d rows, %v", table.Name, n, err)
		}
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	db := opened(t, ada, sodium)
	h := Handler(Config{Store: db, Actor: func(r *http.Request, _ smart.Action, kind string) (store.Actor, error) {
		if kind == "Claim" {
			return store.Actor{}, fault.New(fault.Forbidden, "forbidden", "no claims for you")
		}
		return anna, nil
	}})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	var list struct{ Tables []struct{ Name string } }
	if err := json.Unmarshal(get("/tables").Body.Bytes(), &list); err != nil || len(list.Tables) != len(Tables()) {
		t.Errorf("%d tables, %v", len(list.Tables), err)
	}
	for path, want := range map[string]string{"/tables/nothing": "no_such_table", "/tables/patients?format=xlsx": "no_such_format", "/tables/claims": "forbidden"} {
		if w := get(path); w.Code < 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	w := get("/tables/observations?format=csv")
	records, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || len(records) != 2 || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v %v %v", records, err, w.Header())
	}
	if data := get("/tables/patients?format=parquet").Body.Bytes(); !bytes.HasPrefix(data, []byte("PAR1")) || !bytes.HasSuffix(data, []byte("PAR1")) {
		t.Errorf("%d bytes of Parquet", len(data))
	}
	if data, _ := io.ReadAll(get("/tables/claim_lines?format=parquet").Body); len(data) != 0 && !strings.Contains(string(data), "forbidden") {
		t.Errorf("claim lines of who may read no claims: %s", data)
	}
}

func TestSQL(t *testing.T) {
	t.Parallel()
	db := opened(t, ada, ben, sodium, statin)
	h := Handler(Config{Store: db, Actor: func(r *http.Request, _ smart.Action, kind string) (store.Actor, error) {
		switch {
		case kind == "Claim":
			return store.Actor{}, fault.New(fault.Forbidden, "forbidden", "no claims for you")
		case r.Header.Get("Who") == "ben":
			return store.Actor{ID: "user:p", Patients: []string{"ben"}}, nil
		}
		return anna, nil
	}})
	for _, c := range []struct {
		who, path, media, body string
		code                   int
		want                   string
	}{
		{"", "/sql", "", "select p.family, o.test, o.value from observations o join patients p on p.fhir_id = o.patient_id", 200,
			`{"columns":[{"name":"family","type":"string"},{"name":"test","type":"string"},{"name":"value","type":"decimal"}],"rows":[["Fair","Sodium",140.5]]}`},
		{"", "/sql", "application/json", `{"query":"select count(*) as n from patients","limit":1}`, 200, `"rows":[[2]]`},
		{"ben", "/sql", "", "select (select count(*) from patients) + (select count(*) from observations) as n", 200, `"rows":[[1]]`},
		{"", "/sql?format=csv", "", "select fhir_id from patients order by 1", 200, "fhir_id\nada\nben\n"},
		{"", "/sql?format=ndjson", "", "select fhir_id as id from patients order by 1 limit 1", 200, "{\"id\":\"ada\"}\n"},
		{"", "/sql?format=parquet", "", "select 1 as n", 200, "PAR1"},
		{"", "/sql", "", "select * from patients where false", 200, `"rows":[]`},
		{"", "/sql?limit=1", "", "select fhir_id from patients", 413, "sql_too_many_rows"},
		{"", "/sql?limit=x", "", "select 1", 400, "sql_limit"},
		{"", "/sql?format=xlsx", "", "select 1", 400, "no_such_format"},
		{"", "/sql", "", "select * from claims", 403, "forbidden"},
		{"", "/sql", "", "delete from patients", 400, "sql_invalid"},
		{"", "/sql", "application/json", "select 1", 400, "sql_invalid"},
		{"", "/sql", "", strings.Repeat("x", 1<<20), 413, "sql_too_large"},
	} {
		r := httptest.NewRequest("POST", c.path, strings.NewReader(c.body))
		r.Header.Set("Who", c.who)
		r.Header.Set("Content-Type", c.media)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %.60s: %d %.200s", c.path, c.body, w.Code, w.Body)
		}
	}
}
