package sql_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/analytics/sql"
	"chartlake/analytics/view"
	"chartlake/fault"
)

func results() []sql.Table {
	return []sql.Table{
		{
			Name: "results",
			Columns: []view.Column{{Name: "id", Type: "id"}, {Name: "n", Type: "integer"}, {Name: "value", Type: "decimal"},
				{Name: "final", Type: "boolean"}, {Name: "names", Type: "string", Collection: true}},
			Rows: func(emit func([]any) error) error {
				for _, row := range [][]any{
					{"a", int64(1), view.Number("1.50"), true, []any{"x", "y"}},
					{"b", int64(2), view.Number("7"), false, nil},
					{"c", nil, nil, nil, nil},
				} {
					if err := emit(row); err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			Name: "untouched", Columns: []view.Column{{Name: "id", Type: "id"}},
			Rows: func(func([]any) error) error {
				return errors.New("a table that the question does not name is not read")
			},
		},
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ask     string
		columns []view.Column
		rows    [][]any
	}{
		{"select id, n, value, final, names from results order by id",
			[]view.Column{{Name: "id", Type: "string"}, {Name: "n", Type: "integer64"}, {Name: "value", Type: "decimal"}, {Name: "final", Type: "boolean"}, {Name: "names", Type: "string"}},
			[][]any{{"a", int64(1), view.Number("1.5"), true, `["x","y"]`}, {"b", int64(2), view.Number("7"), false, nil}, {"c", nil, nil, nil, nil}}},
		{"-- how many\nselect count(*) as n, sum(value) as s from results;", []view.Column{{Name: "n", Type: "integer64"}, {Name: "s", Type: "decimal"}}, [][]any{{int64(3), view.Number("8.5")}}},
		{"with r as (select n from results where n > 1) select 'é' || n as \"who, what\" from r", []view.Column{{Name: "who, what", Type: "string"}}, [][]any{{"é2"}}},
		{"select 1 as a union all select 2.5 order by 1", []view.Column{{Name: "a", Type: "decimal"}}, [][]any{{view.Number("1")}, {view.Number("2.5")}}},
		{"select 1 as a union all select 'x' order by 1", []view.Column{{Name: "a", Type: "string"}}, [][]any{{"1"}, {"x"}}},
		{"select null as a from results where false", []view.Column{{Name: "a", Type: "string"}}, nil},
	} {
		got, err := sql.Ask(t.Context(), results(), c.ask, 0)
		if err != nil {
			t.Errorf("%s: %v", c.ask, err)
			continue
		}
		if diff := cmp.Diff(&sql.Answer{Columns: c.columns, Rows: c.rows}, got); diff != "" {
			t.Errorf("%s:\n%s", c.ask, diff)
		}
	}
}

func TestOnlyReads(t *testing.T) {
	t.Parallel()
	for _, ask := range []string{
		"delete from results", "insert into results (id) values ('d')", "update results set n = 1", "drop table results", "create table x (a)",
		"create table x as select * from results", "attach '/tmp/x.db' as x", "vacuum into '/tmp/x.db'", "pragma table_list", "pragma temp_store_directory='/tmp'",
		"begin", "select 1; delete from results", "select 1; select 2", "select ?", "select :a", "select load_extension('x')", "select readfile('/etc/passwd')",
		"select * from pragma_database_list", "copy results to '/tmp/x.csv'", "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'", "explain analyze delete from results",
		"install httpfs", "set memory_limit='100GB'", "select nothing from results", "select * from nowhere", "selec 1", "'", "\x00", "select \"a string\" from results",
		"select * from duckdb_settings()", "select * from query('select * from results')", "select * from query_table('results')",
		"select * from information_schema.tables", "select * from glob('/etc/*')", "select * from read_text('/etc/passwd')", "show tables", "pragma version",
		"select * from x.results", "select 1 where exists (select 1 from pragma_database_list)", "call pragma_version()", "with a as (delete from results returning *) select * from a",
		"prepare a as select 1", "execute a", "checkpoint", "export database '/tmp/x'", "load httpfs", "use memory", "create macro f() as 1",
	} {
		_, err := sql.Ask(t.Context(), results(), ask, 0)
		if f := fault.As(err); f == nil || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", ask, err)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ask, code string
		limit     int
	}{
		{"", "sql_empty", 0}, {" -- nothing", "sql_empty", 0},
		{"select '" + strings.Repeat("x", sql.MaxQuery) + "'", "sql_too_large", 0},
		{"select 1", "sql_limit", sql.MaxRows + 1}, {"select 1", "sql_limit", -1},
		{"select id from results", "sql_too_many_rows", 2},
	} {
		_, err := sql.Ask(t.Context(), results(), c.ask, c.limit)
		if f := fault.As(err); f == nil || f.Code != c.code {
			t.Errorf("%.60s: %v, not %s", c.ask, err, c.code)
		}
	}
}

func TestEndsWhenTheAskerLeaves(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	_, err := sql.Ask(ctx, results(), "with recursive r(i) as (select 1 union all select i+1 from r) select count(*) from r", 0)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the question ends with %v", err)
	}
}

// What is asked for may be of a patient, and errors go to logs.
func TestErrorsDoNotQuote(t *testing.T) {
	t.Parallel()
	for _, ask := range []string{"select 'Quimby' from", "select * from results where id = 'Quimby' and and", "select Quimby.\"Jones and Son\" from results",
		"select cast('Quimby' as", "select date('Quimby', (select 'Quimby'", "\"Quimby, Ann\"", "select * from \"Quimby, Ann\""} {
		_, err := sql.Ask(t.Context(), results(), ask, 0)
		if err == nil || strings.Contains(err.Error(), "Quimby") {
			t.Errorf("%s: %v", ask, err)
		}
	}
}

func FuzzAsk(f *testing.F) {
	for _, seed := range []string{"select * from results", "select 1;", "with a as (select 1) select * from a", "select json_extract('{\"a\":1}', '$.a')", "values (1), (2)", "select ((((1))))", "select * from range(3)",
		"select * from json_each('[1]')", "summarize results", "select x'00ff', date '2024-02-30', interval 1 day, [1], {'a': 1}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ask string) {
		ctx, done := context.WithTimeout(t.Context(), 2*time.Second)
		defer done()
		answer, err := sql.Ask(ctx, results(), ask, 100)
		if err != nil && fault.As(err) == nil && ctx.Err() == nil && !strings.HasPrefix(err.Error(), "a table") {
			t.Fatalf("%v is no fault", err)
		}
		if err == nil && len(answer.Rows) > 100 {
			t.Fatalf("%d rows", len(answer.Rows))
		}
	})
}

// BenchmarkAsk counts 100,000 rows of eight columns by one of them, their filling included.
func BenchmarkAsk(b *testing.B) {
	const rows = 100_000
	var columns []view.Column
	row := []any{"", "p", "Sodium", "2026-04-01", view.Number("140.5"), "mmol/L", view.Number("136"), view.Number("145")}
	for _, c := range []string{"id:id", "patient:id", "test:string", "at:dateTime", "value:decimal", "unit:string", "low:decimal", "high:decimal"} {
		name, kind, _ := strings.Cut(c, ":")
		columns = append(columns, view.Column{Name: name, Type: kind})
	}
	tables := []sql.Table{{Name: "results", Columns: columns, Rows: func(emit func([]any) error) error {
		for i := range rows {
			row[0], row[1] = strconv.Itoa(i), strconv.Itoa(i%1000)
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	}}}
	for b.Loop() {
		if _, err := sql.Ask(b.Context(), tables, "select patient, count(*) as n, avg(value) as mean from results group by patient order by n desc limit 10", 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
