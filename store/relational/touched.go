package relational

import (
	"strings"

	"chartlake/store"
	"chartlake/store/db"
)

// documentTouched begins what the table touched has for a document.
const documentTouched = "document/"

// newestChange is the number of the last change of any kind.
const newestChange = `SELECT max(seq) FROM (SELECT max(seq) AS seq FROM version UNION ALL SELECT max(seq) FROM touched) AS every`

// touch notes that something was changed that has no versions: it takes the next change number.
func (t *turn) touch(what string) error {
	t.n.Seq++
	return t.c.Exec(`INSERT INTO touched VALUES (?,?) ON CONFLICT (what) DO UPDATE SET seq=excluded.seq`, t.n.Seq, what)
}

// Touched gives what was changed after a change beside versions.
func (v *view) Touched(after int64) (*store.Touched, error) {
	got := &store.Touched{}
	if v.actor.Patients != nil {
		return got, nil
	}
	var err error
	if got.Last, err = v.Seq(); err != nil {
		return nil, err
	}
	n, last := 0, after
	err = v.c.Query(`SELECT seq, what FROM touched WHERE seq>? ORDER BY seq LIMIT ?`, []any{after, store.TouchedMax + 1}, func(r db.Row) bool {
		if n++; n > store.TouchedMax {
			got.More = true
			return false
		}
		kind, id, _ := strings.Cut(r.Text(1), "/")
		if kind == "document" {
			got.Documents = append(got.Documents, id)
		} else {
			got.Erased = append(got.Erased, store.Key{Type: kind, ID: id})
		}
		last = r.Int(0)
		return true
	})
	if got.More {
		got.Last = last
	}
	return got, err
}
