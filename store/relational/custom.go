package relational

import (
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// maxCustom bounds the SearchParameters that are in force: each costs every write of its types.
const maxCustom = 500

// catalogued is the catalogue of a state of the database.
type catalogued struct {
	of        generation
	catalogue *search.Catalogue
}

// generation tells states of the custom parameters apart: their numbers only grow, and each
// changes its state in one direction.
type generation struct{ sum, count, newest int64 }

// catalogueOf gives the parameters of a snapshot or transaction; have is a catalogue that may
// be of the same state, or nil.
func (s *Store) catalogueOf(c db.Conn, have *catalogued) (*catalogued, error) {
	var g generation
	err := c.Query(`SELECT CAST(coalesce(sum(job*4+state),0) AS bigint), count(*), coalesce(max(job),0) FROM reindex WHERE job>0`, nil, func(r db.Row) bool {
		g = generation{r.Int(0), r.Int(1), r.Int(2)}
		return false
	})
	if err != nil {
		return nil, err
	}
	if have != nil && have.of == g {
		return have, nil
	}
	if g.count == 0 {
		return &catalogued{g, s.Catalogue}, nil
	}
	rows, err := definitions(c)
	if err != nil {
		return nil, err
	}
	var list []*search.Custom
	for _, r := range rows {
		list = append(list, r.custom)
	}
	return &catalogued{g, s.Catalogue.With(list)}, nil
}

// Known is the catalogue as this process last saw it.
func (s *Store) Known() *search.Catalogue {
	if k := s.known.Load(); k != nil {
		return k.catalogue
	}
	return s.Catalogue
}

// Parameters is the catalogue of this snapshot.
func (v *view) Parameters() (*search.Catalogue, error) {
	if v.catalogue == nil {
		have := v.s.known.Load()
		k, err := v.s.catalogueOf(v.c, have)
		if err != nil {
			return nil, err
		}
		if k != have {
			v.s.known.CompareAndSwap(have, k)
		}
		v.catalogue = k.catalogue
	}
	return v.catalogue, nil
}

// parameters is the catalogue of this transaction, with what it has changed.
func (w *Writer) parameters() (*search.Catalogue, error) {
	if w.known == nil {
		k, err := w.s.catalogueOf(w.c, w.s.known.Load())
		if err != nil {
			return nil, err
		}
		w.known = k
	}
	return w.known.catalogue, nil
}

// definition is a custom parameter with the SearchParameter that it is of.
type definition struct {
	job    int64
	id     string // of the SearchParameter
	custom *search.Custom
}

// definitions reads the custom parameters, oldest first.
func definitions(c db.Conn) ([]definition, error) {
	var list []definition
	var failed error
	err := c.Query(`SELECT job, id, body, state FROM reindex WHERE job>0 ORDER BY job`, nil, func(r db.Row) bool {
		n, err := fhir.Parse([]byte(r.Text(2)))
		if err == nil {
			var custom *search.Custom
			if custom, err = search.ReadCustom(n); custom != nil {
				custom.State, custom.Index = search.State(r.Int(3)), strconv.FormatInt(r.Int(0), 10)
				list = append(list, definition{r.Int(0), r.Text(1), custom})
			}
		}
		if err != nil {
			// A newer program took what this one cannot read: it must neither search nor write.
			failed = fault.New(fault.Unsupported, "search_parameter_unreadable", "a stored SearchParameter cannot be used by this program: %w", err)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return list, err
}

// define brings the custom parameters in line with a SearchParameter that was written, as the
// change of this number, or deleted (nil). An index that is the same stays as it is.
func (t *turn) define(key store.Key, seq int64, res *fhir.Node) error {
	var next *search.Custom
	var err error
	if res != nil {
		if next, err = search.ReadCustom(res); err != nil {
			return err
		}
	}
	list, err := definitions(t.c)
	if err != nil || next == nil && len(list) == 0 {
		return err
	}
	t.known = nil
	for _, d := range list {
		switch {
		case d.custom.State == search.Retired:
		case d.id != key.ID:
			if next != nil && d.custom.Overlaps(next) {
				return fault.New(fault.Conflict, "search_parameter_taken", "another active SearchParameter has this code for one of these types")
			}
		case next != nil && d.custom.Same(next):
			return t.c.Exec(`UPDATE reindex SET body=? WHERE job=?`, string(res.AppendJSON(nil)), d.job)
		default:
			if err := t.begin(d.job, `UPDATE reindex SET state=?, last=0, top=?, done=0, at=? WHERE job=?`, int64(search.Retired), t.n.RID, t.now.UnixMilli(), d.job); err != nil {
				return err
			}
		}
	}
	if next == nil {
		return nil
	}
	if len(list) >= maxCustom {
		return fault.New(fault.TooLarge, "too_many_search_parameters", "more than %d active SearchParameters", maxCustom)
	}
	return t.begin(seq, insertReindex, seq, key.ID, string(res.AppendJSON(nil)), int64(search.Indexing), int64(0), t.n.RID, int64(0), t.now.UnixMilli())
}

const insertReindex = `INSERT INTO reindex VALUES (?,?,?,?,?,?,?,?)`

// begin writes the row of a job and offers it.
func (t *turn) begin(job int64, sql string, args ...any) error {
	if err := t.c.Exec(sql, args...); err != nil {
		return err
	}
	if err := t.c.Flush(); err != nil {
		return err
	}
	return t.enqueue(t.r.ctx, reindexJob(job))
}
