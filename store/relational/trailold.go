package relational

import (
	"context"
	"os"

	"chartlake/audit"
	"chartlake/store/db"
)

// chainOld binds the rows that were written before there was a chain, in order, and lists them.
// It does so before the first process has kept a trail here, and never again: else who takes a
// link away would be given a new one.
func (t *trail) chainOld() error {
	if _, err := os.Stat(t.keeping.Marks); err == nil {
		return nil
	}
	for more := true; more; {
		err := t.s.housekeep(context.Background(), func(w *Writer) error {
			more = false
			if kept, _, err := db.One(w.c, `SELECT count(*) FROM audit_journal`); err != nil || kept > 0 {
				return err
			}
			var rows []audit.Row
			err := w.c.Query(`SELECT `+rowColumns+` FROM audit a WHERE a.hash IS NULL ORDER BY a.seq LIMIT ?`, []any{clerkBatch}, func(r db.Row) bool {
				rows = append(rows, scanRow(r))
				return true
			})
			if err != nil || len(rows) == 0 {
				return err
			}
			more = true
			return w.chainRows(rows)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) chainRows(rows []audit.Row) error {
	var before []byte
	err := w.c.Query(`SELECT hash FROM audit WHERE seq<? ORDER BY seq DESC LIMIT 1`, []any{rows[0].Seq}, func(r db.Row) bool {
		before = r.Bytes(0)
		return false
	})
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		e, err := w.s.eventOf(w.c, r)
		if err != nil {
			return err
		}
		r.Key = chainKey
		before = w.chain.Link(before, r)
		if err := w.c.Exec(`UPDATE audit SET hash=?, key_id=? WHERE seq=?`, before, r.Key, r.Seq); err != nil {
			return err
		}
		for _, h := range w.s.aboutOf(&e) {
			if err := w.c.Exec(`INSERT INTO audit_about VALUES (?,?)`, h, r.Seq); err != nil {
				return err
			}
		}
		if r.Seq == w.n.Audit {
			w.head = link{r.Seq, before}
		}
	}
	return nil
}
