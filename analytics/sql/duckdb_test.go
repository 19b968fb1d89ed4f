//go:build duckdb

package sql_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/analytics/sql"
	"chartlake/analytics/view"
	"chartlake/fault"
)

// An endless question of this engine gives no row before its end: time or memory ends it.
func TestEndless(t *testing.T) {
	t.Parallel()
	for ask, code := range map[string]string{
		"with recursive r(i) as (select 1 union all select i+1 from r) select i from r":           "sql_time",
		"select count(*) from (select distinct repeat('x', 1000) || i from range(10000000) t(i))": "sql_memory",
		"select repeat('x', 1000000) from range(1000)":                                            "sql_too_large",
		"select string_agg(repeat('x', 1000000), '') from range(1000)":                            "sql_memory",
	} {
		within := 30 * time.Second
		if code == "sql_time" {
			within = 300 * time.Millisecond
		}
		_, err := sql.AskWithin(t.Context(), results(), ask, within, 48<<20)
		if f := fault.As(err); f == nil || f.Code != code {
			t.Errorf("%.60s: %v, not %s", ask, err, code)
		}
	}
}

// The engine's own types are answered as what an answer has; its own tables are not there.
func TestTypes(t *testing.T) {
	t.Parallel()
	got, err := sql.Ask(t.Context(), results(), `select date '2024-02-29' as d, time '08:30' as t, timestamp '2024-02-29 08:30' as ts, 1::utinyint as u,
		170141183460469231731687303715884105727::hugeint as h, 1.50::decimal(5, 2) as c, [1, 2] as l, {'a': null} as s, interval 2 day as i, 'infinity'::double as f,
		'00000000-0000-0000-0000-000000000001'::uuid as g, 'x'::blob as b, (select count(*) from range(3)) as n`, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"2024-02-29", "08:30:00", "2024-02-29T08:30:00Z", int64(1), view.Number("170141183460469231731687303715884105727"), view.Number("1.5"), "[1,2]", `{"a":null}`,
		`{"days":2,"months":0,"micros":0}`, nil, "00000000-0000-0000-0000-000000000001", "x", int64(3)}
	if diff := cmp.Diff([][]any{want}, got.Rows); diff != "" {
		t.Error(diff)
	}
	for _, ask := range []string{"explain select 1", "explain analyze select * from results", "select * from sqlite_master", "select * from main.duckdb_tables", "from results; from results"} {
		if _, err := sql.Ask(t.Context(), results(), ask, 0); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", ask, err)
		}
	}
	// A name of WITH hides a table; names have no case.
	got, err = sql.Ask(t.Context(), results(), "with x as (from RESULTS) select count(*) as n from X join main.results r on r.id = x.id", 0)
	if err != nil || len(got.Rows) != 1 || got.Rows[0][0] != int64(3) {
		t.Errorf("%v, %v", got, err)
	}
}

// However deep a question is nested, it is answered or refused.
func TestDeep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ begin, middle, end string }{
		{"(", "1", ")"}, {"not ", "true", ""}, {"-", "1", ""}, {"[", "1", "]"}, {"(select ", "1", ")"}, {"case when true then ", "1", " end"}, {"abs(", "1", ")"},
	} {
		n := (sql.MaxQuery - 100) / (len(c.begin) + len(c.end))
		ask := "select " + strings.Repeat(c.begin, n) + c.middle + strings.Repeat(c.end, n)
		_, err := sql.Ask(t.Context(), results(), ask, 0)
		if err != nil && fault.As(err) == nil {
			t.Errorf("%s: %v", c.begin, err)
		}
	}
	from := "(select 1 as a)"
	for len(from) < sql.MaxQuery-100 {
		from = "(select a from " + from + ")"
	}
	_, err := sql.Ask(t.Context(), results(), "select a from "+from, 0)
	if err != nil && fault.As(err) == nil && !errors.Is(err, t.Context().Err()) {
		t.Error(err)
	}
}
