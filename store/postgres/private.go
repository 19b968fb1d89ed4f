package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Until schema 8, texts, birth dates and addresses of files stood in the index as they are. hidePrivate makes hashed
// and sealed rows of them and drops what was in clear, in one transaction: it costs about 25 µs a
// value, once, and a crash leaves all as it was. The texts of the old rows are folded, so bodies
// need not be read.
//
// What the server has not written over of its files, its WAL and its backups still has the old
// rows; docs/guide/operations.md says what to do about them.
func (s *Store) hidePrivate(ctx context.Context, c *conn) error {
	old, _, err := db.One(c, `SELECT count(*) FROM pg_tables WHERE schemaname=current_schema() AND tablename='string'`)
	if err != nil || old == 0 {
		return err
	}
	err = pgx.BeginFunc(ctx, c.pg, func(tx pgx.Tx) error {
		dates, uris, err := privateParams(c)
		if err != nil {
			return err
		}
		h := hiding{c: c, x: &index.Indexer{Keys: s.core.Keys, Rows: &index.Rows{}}}
		for _, step := range []struct {
			name, sql string
			row       func(db.Row)
		}{
			{"old_text", oldTexts, h.text},
			{"old_long", `SELECT p, rid, v FROM string_long`, func(r db.Row) { h.x.SealText(r.Int(1), r.Int(0), r.Text(2)) }},
			{"old_composite", `SELECT p, rid, a, b, k, class, lo FROM composite_string`, h.composite},
			{"old_date", fmt.Sprintf(`SELECT p, rid, lo, len FROM date WHERE p = ANY ('%s')`, dates), func(r db.Row) {
				h.x.HideDate(r.Int(1), r.Int(0), search.Range{Lo: r.Int(2), Hi: r.Int(2) + r.Int(3)})
			}},
			{"old_uri", fmt.Sprintf(`SELECT p, rid, v FROM uri WHERE p = ANY ('%s')`, uris), func(r db.Row) { h.x.HideURI(r.Int(1), r.Int(0), r.Text(2)) }},
		} {
			if err := h.each(step.name, step.sql, step.row); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, fmt.Sprintf(`DELETE FROM date WHERE p = ANY ('%[1]s'); DELETE FROM forward_date WHERE p = ANY ('%[1]s');
			DELETE FROM uri WHERE p = ANY ('%[2]s'); DROP TABLE string, string_long, forward_string, composite_string`, dates, uris), pgx.QueryExecModeSimpleProtocol)
		return err
	})
	if err != nil {
		return err
	}
	// Should it fail, the server's own vacuum follows.
	_, err = c.pg.Exec(ctx, `VACUUM date, forward_date, uri`, pgx.QueryExecModeSimpleProtocol)
	if err != nil && s.core.Logger != nil {
		s.core.Logger.Warn("the tables of dates could not be vacuumed", "error", pgFault(err))
	}
	return nil
}

// oldTexts gives texts by their keys, and whether a key is the beginning of a longer text of the
// resource: that one is sealed from string_long. A key was cut at 64 bytes, before a character that
// did not fit. (A resource that has the cut text as well is found as before, and check puts it right.)
const oldTexts = `SELECT s.p, s.rid, s.h, s.v, (octet_length(s.v)>60 AND EXISTS (SELECT 1 FROM string_long l
	WHERE l.p=s.p AND l.rid=s.rid AND starts_with(l.v, s.v) AND octet_length(l.v)>64 OFFSET 0))::int FROM string s`

// privateParams gives the numbers of the parameters of private dates and of private uris, as
// arrays of PostgreSQL.
func privateParams(c *conn) (dates, uris string, err error) {
	var d, u []string
	err = c.Query(`SELECT p, type, code FROM param ORDER BY p`, nil, func(r db.Row) bool {
		n := strconv.FormatInt(r.Int(0), 10)
		if search.R4().Private(r.Text(1), search.KindDate) {
			d = append(d, n)
		}
		if p := search.R4().Param(r.Text(1), r.Text(2)); p != nil && p.Kind == search.KindURI && p.Private {
			u = append(u, n)
		}
		return true
	})
	return "{" + strings.Join(d, ",") + "}", "{" + strings.Join(u, ",") + "}", err
}

// hiding is a run over the old tables.
type hiding struct {
	c *conn
	x *index.Indexer
}

func (h *hiding) text(r db.Row) {
	p, rid, key := r.Int(0), r.Int(1), r.Text(3)
	h.x.HashText(rid, p, r.Int(2), key)
	if r.Int(4) == 0 {
		h.x.SealText(rid, p, key)
	}
}

func (h *hiding) composite(r db.Row) {
	p, rid := r.Int(0), r.Int(1)
	h.x.Rows.Composite = append(h.x.Rows.Composite, index.Composite{P: p, RID: rid, A: r.Int(2), B: r.Int(3), K: r.Int(4), Class: r.Int(5),
		Lo: h.x.Keys.SealValue(p, rid, []byte(r.Text(6))), Hi: int64(0), Rest: []byte{}})
}

// hidingRun is how many rows are in memory at once.
const hidingRun = 5_000

// each calls row for the rows of a query, under a cursor of this name, and writes what that makes.
func (h *hiding) each(name, sql string, row func(db.Row)) error {
	if err := h.do(`DECLARE ` + name + ` NO SCROLL CURSOR FOR ` + sql); err != nil {
		return err
	}
	for {
		n := 0
		err := h.c.Query(fmt.Sprintf(`FETCH %d FROM %s`, hidingRun, name), nil, func(r db.Row) bool {
			n++
			row(r)
			return true
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return h.do(`CLOSE ` + name)
		}
		if err := h.write(); err != nil {
			return err
		}
	}
}

// do runs a statement now.
func (h *hiding) do(sql string) error {
	if err := h.c.Exec(sql); err != nil {
		return err
	}
	return h.c.Flush()
}

// write puts the rows into the new tables. Texts that fold alike are sealed alike, and may have
// come in two runs.
func (h *hiding) write() error {
	rows := h.x.Rows
	defer rows.Reset()
	twice := index.Rows{Hashed: slices.Clone(rows.Hashed), Sealed: slices.Clone(rows.Sealed)}
	if err := h.c.WriteIndex(&twice, true); err != nil {
		return err
	}
	if err := h.c.WriteIndex(rows, false); err != nil {
		return err
	}
	return h.c.Flush()
}
