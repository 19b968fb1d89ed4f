package postgres

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/index"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

// oldTables are those of schema 7 that hold texts.
const oldTables = `CREATE TABLE string (h bigint, rid bigint, p integer, v text COLLATE "C", PRIMARY KEY (p, v, h, rid));
	CREATE TABLE string_long (rid bigint NOT NULL, p integer NOT NULL, v text COLLATE "C" NOT NULL);
	CREATE INDEX string_long_key ON string_long (p, rid);
	CREATE TABLE composite_string (a bigint NOT NULL, b bigint NOT NULL, k bigint NOT NULL, hi bigint NOT NULL, rid bigint NOT NULL,
	                               p integer NOT NULL, class integer NOT NULL, lo text COLLATE "C" NOT NULL, rest bytea NOT NULL);
	CREATE TABLE forward_string (rid bigint NOT NULL, hi bigint NOT NULL, p integer NOT NULL, lo text COLLATE "C" NOT NULL);
	TRUNCATE hashed, sealed, composite_sealed`

// An index in clear goes over whole: afterwards it is what the bodies say, and nothing of the
// old rows is left. That is tried with an index in which values stand as they once did.
func TestIndexInClearGoesOver(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url, folder := pgtest.URL(t), t.TempDir()
	long := "a text that is a good deal longer than what stands in the key of the index, "
	resources := []string{
		fmt.Sprintf(`{"resourceType":"Patient","id":"p","birthDate":"1961-11-02","name":[{"family":"Fairweather","given":["Ada","%[1]s one","%[1]s two","%[2]s"]},{"family":"FAIRWEATHER"}]}`, long, long[:16]),
		`{"resourceType":"Patient","id":"q","birthDate":"1970","deceasedDateTime":"2019-03-04T05:06:07Z","name":[{"family":"Ng"}]}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://c","code":"c"}]},"valueString":"Fairweather","effectiveDateTime":"2019-05-05"}`,
		`{"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"url":"http://files/fairweather.pdf"}}]}`,
	}
	open := func() *Store {
		t.Helper()
		s, err := Open(ctx, Config{URL: url, Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	var commands []store.Command
	for _, text := range resources {
		commands = append(commands, store.Update{Resource: storetest.Parse(t, "%s", text)})
	}
	if _, err := s.Transact(ctx, store.Actor{ID: "user:anna"}, commands); err != nil {
		t.Fatal(err)
	}
	pg, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close(ctx)
	if _, err := pg.Exec(ctx, oldTables, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	c := newConn(ctx, pg)
	rows := &index.Rows{}
	x := &index.Indexer{Keys: s.core.Keys, Add: db.NewAdder(s.core.Names, c), Rows: rows, Clear: true, RID: func(string, string) (int64, error) { return 0, nil }}
	for i, text := range resources {
		res := storetest.Parse(t, "%s", text)
		values, err := search.R4().Extract(res, "")
		if err != nil {
			t.Fatal(err)
		}
		values = slices.DeleteFunc(values, func(v search.IndexValue) bool {
			return !v.Param.Private && v.Param.Kind != search.KindComposite
		})
		if err := x.Resource(int64(i+1), res.Type(), values); err != nil {
			t.Fatal(err)
		}
	}
	rows.Sort()
	for _, r := range rows.String {
		run(t, pg, `INSERT INTO string (p, v, h, rid) VALUES ($1,$2,$3,$4)`, r.P, r.V, r.H, r.RID)
	}
	for _, r := range rows.Long {
		run(t, pg, `INSERT INTO string_long (p, rid, v) VALUES ($1,$2,$3)`, r.P, r.RID, r.V)
	}
	for _, r := range rows.Date {
		run(t, pg, `INSERT INTO date (p, class, lo, len, rid) VALUES ($1,$2,$3,$4,$5)`, r.P, r.Class, r.Lo, r.Len, r.RID)
	}
	for _, r := range rows.URI {
		run(t, pg, `INSERT INTO uri (p, v, rid) VALUES ($1,$2,$3)`, r.P, r.V, r.RID)
	}
	for _, r := range rows.Composite {
		if v, ok := r.Lo.(string); ok {
			run(t, pg, `INSERT INTO composite_string (p, a, b, k, class, lo, hi, rid, rest) VALUES ($1,$2,$3,$4,$5,$6,0,$7,'')`, r.P, r.A, r.B, r.K, r.Class, v, r.RID)
		}
	}
	if len(rows.String) < 8 || len(rows.Long) < 2 || len(rows.Date) < 3 || len(rows.Composite) == 0 || len(rows.URI) != 1 {
		t.Fatalf("too few old rows: %d %d %d %d %d", len(rows.String), len(rows.Long), len(rows.Date), len(rows.Composite), len(rows.URI))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	defer s.Close()
	if err := s.Check(ctx); err != nil {
		t.Errorf("the index is not what the bodies say: %v", err)
	}
	for table, want := range map[string]int{"date": 1, "forward_date": 1, "composite_sealed": 1, "uri": 0} {
		var n int
		if err := pg.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != want {
			t.Errorf("%s has %d rows, want %d; %v", table, n, want, err)
		}
	}
	var left int
	if err := pg.QueryRow(ctx, `SELECT count(*) FROM pg_tables WHERE schemaname=current_schema() AND tablename IN ('string','string_long','forward_string','composite_string')`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d old tables are left, %v", left, err)
	}
}

func run(t *testing.T, pg *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := pg.Exec(context.Background(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
