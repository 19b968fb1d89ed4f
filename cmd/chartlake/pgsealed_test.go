package main

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"chartlake/eval/specimen"
	"chartlake/store"
	"chartlake/store/postgres/pgtest"
)

// What a filed document says of a person stands in no table of a PostgreSQL store, nor does its
// file name: not in the index, not in jobs, documents or the trail.
func TestServerTablesAreSealed(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	r := serveSetting(t, setting{dataFolder: dataFolder{Data: t.TempDir(), database: database{Store: url}}, Mode: "commit"}, 2)
	var words []string
	for i, kind := range []specimen.Kind{specimen.LabReport, specimen.DischargeSummary, specimen.InsuranceCard} {
		doc, err := specimen.Make(uint64(31+i), kind, specimen.Layouts(kind)[0], specimen.PDF)
		if err != nil {
			t.Fatal(err)
		}
		id := r.named(doc.Bytes, "quetzalcanary.pdf")
		if row := r.settled(id); row.State != store.Filed && row.State != store.NeedsReview && row.State != store.Held {
			t.Fatalf("the document is %s (%s)", row.State, row.Code)
		}
	}
	for _, typ := range []string{"Patient", "Practitioner", "RelatedPerson"} {
		for _, e := range r.fhir(t, "GET", "/fhir/"+typ, 200).Get("entry").Items() {
			person := e.Get("resource")
			texts(person, func(text string) { words = append(words, text) })
			if born := person.Str("birthDate"); born != "" {
				day, err := time.Parse(time.DateOnly, born)
				if err != nil {
					t.Fatal(err)
				}
				words = append(words, born, strconv.FormatInt(day.UnixMilli(), 10))
			}
		}
	}
	slices.Sort(words)
	words = append(slices.Compact(words), "quetzalcanary")
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 4 }) // would be met by chance
	if len(words) < 12 {
		t.Fatalf("too little to look for: %d words", len(words))
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	list := func(sql string) []string {
		t.Helper()
		found, err := c.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	rows, clear := 0, 0
	for _, table := range list(`SELECT tablename::text FROM pg_tables WHERE schemaname=current_schema()`) {
		for _, row := range list(`SELECT t::text FROM ` + pgx.Identifier{table}.Sanitize() + ` t`) {
			rows++
			if row = strings.ToLower(row); strings.Contains(row, "birthdate") {
				clear++ // the name of the parameter, which says that the test can see
			}
			for _, w := range words {
				if w = strings.ToLower(w); strings.Contains(row, w) || strings.Contains(row, hex.EncodeToString([]byte(w))) {
					t.Errorf("%s holds %q", table, w)
				}
			}
		}
	}
	if rows < 300 || clear == 0 {
		t.Errorf("%d rows were looked at, %d have a word that stands in clear", rows, clear)
	}
}
