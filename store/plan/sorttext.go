package plan

import (
	"fmt"
	"slices"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Sorting by tokens, references and uris. The index has these by value, as hashes and numbers
// without an order, so that a resource's own are not found there. Few matches are read. Of many,
// all rows of the parameter are gone through once: what a hash stands for is read in one
// resource that has it.

const (
	fewSorted  = 500       // matches that are read in any case
	rowsOfOne  = 50        // rows that cost about as much as reading one match
	maxSorted  = 1_000_000 // matches that are sorted
	maxSources = 5_000_000 // rows of a parameter that are gone through: 3 seconds of one processor
)

// valueTable is where the values of a kind stand that have no order.
func valueTable(k search.Kind) string {
	switch k {
	case search.KindToken:
		return "token"
	case search.KindReference:
		return "reference"
	}
	return "uri"
}

// sortTexts gives the texts that matches are sorted by under a key, by their places in rids,
// which are in order; "": none. ok is false where it costs less to read the matches, or takes
// reading too many other resources.
func (f *finder) sortTexts(list []typed, rids []int64, k search.SortKey) (texts []string, ok bool, err error) {
	if f.p.private(k.Param) {
		return nil, false, nil
	}
	s := &sortTexts{p: f.p, k: k, rids: rids, texts: make([]string, len(rids))}
	for i := range list {
		if s.number, err = f.p.param(list[i].name, k.Param.IndexName()); err != nil {
			return nil, false, err
		}
		if len(rids) <= maxRead {
			q := db.SQL(`SELECT count(*) FROM (SELECT 1 FROM `+valueTable(k.Param.Kind)+` WHERE p=? LIMIT ?) n`, s.number, int64(rowsOfOne*len(rids)))
			n, _, err := db.One(f.p.Conn, q.Text, q.Args...)
			if err != nil || n >= int64(rowsOfOne*len(rids)) {
				return nil, false, err
			}
		}
		switch k.Param.Kind {
		case search.KindToken:
			ok, err = s.tokens()
		case search.KindReference:
			ok, err = s.references()
		default:
			ok, err = s.uris()
		}
		if err != nil || !ok {
			return nil, false, err
		}
	}
	f.p.say(fmt.Sprintf("_sort: %d rows of %s read", s.rows, k.Code))
	return s.texts, true, nil
}

type sortTexts struct {
	p      *Planner
	k      search.SortKey
	number int64
	rids   []int64
	texts  []string
	rows   int
}

// is notes that a resource has a value.
func (s *sortTexts) is(rid int64, text string) {
	i, match := slices.BinarySearch(s.rids, rid)
	if match && text != "" && (s.texts[i] == "" || text != s.texts[i] && (text > s.texts[i]) == s.k.Desc) {
		s.texts[i] = text
	}
}

// each calls row for the rows of the parameter.
func (s *sortTexts) each(sql string, row func(db.Row)) error {
	err := s.p.Conn.Query(sql, []any{s.number}, func(r db.Row) bool {
		s.rows++
		row(r)
		return s.rows <= maxSources
	})
	if err == nil && s.rows > maxSources {
		err = fault.New(fault.TooLarge, "too_costly", "_sort by this parameter goes through all its values, and there are more than %d", maxSources)
	}
	return err
}

func (s *sortTexts) tokens() (bool, error) {
	codes, ok, err := s.named(`SELECT min(c) FROM token WHERE p=? AND c>?`, `SELECT rid FROM token WHERE p=? AND c=? LIMIT 1`,
		func(v *search.IndexValue, is func(int64, string)) {
			is(index.Code(s.p.Keys, v.Token.System, v.Token.Code), search.FoldCode(v.Token.Code))
		})
	if err != nil || !ok {
		return ok, err
	}
	return true, s.each(`SELECT c, rid FROM token WHERE p=?`, func(r db.Row) { s.is(r.Int(1), codes[r.Int(0)]) })
}

func (s *sortTexts) references() (bool, error) {
	foreign, ok, err := s.named(`SELECT min(target) FROM reference WHERE p=? AND target<0 AND target>?`, `SELECT rid FROM reference WHERE p=? AND target=? LIMIT 1`,
		func(v *search.IndexValue, is func(int64, string)) {
			if v.Ref.URL != "" {
				is(index.Foreign(s.p.Keys, v.Ref), v.Ref.URL)
				is(index.Foreign(s.p.Keys, search.Reference{URL: v.Ref.URL}), v.Ref.URL)
			}
		})
	if err != nil || !ok {
		return ok, err
	}
	types := map[int64]string{}
	err = s.p.Conn.Query(`SELECT t, name FROM type`, nil, func(r db.Row) bool {
		types[r.Int(0)] = r.Text(1)
		return true
	})
	if err != nil {
		return false, err
	}
	last, text := int64(0), ""
	return true, s.each(`SELECT x.target, x.rid, y.type, y.id FROM reference x LEFT JOIN resource y ON y.rid=x.target WHERE x.p=?`, func(r db.Row) {
		if target := r.Int(0); target != last { // the rows of one target stand together
			last, text = target, foreign[target]
			if !r.Null(2) {
				text = types[r.Int(2)] + "/" + r.ID(3)
			}
		}
		s.is(r.Int(1), text)
	})
}

// uris stand as they are, but for long ones.
func (s *sortTexts) uris() (bool, error) {
	var long []int64
	err := s.each(`SELECT v, rid FROM uri WHERE p=?`, func(r db.Row) {
		v, rid := r.Text(0), r.Int(1)
		if len(v) < index.URIHead {
			s.is(rid, v)
		} else if _, match := slices.BinarySearch(s.rids, rid); match {
			long = append(long, rid)
		}
	})
	if err != nil || !s.mayRead(len(long)) {
		return false, err
	}
	return true, s.read(long, func(rid int64, v *search.IndexValue) { s.is(rid, v.Text) })
}

// named gives the texts that numbers below the parameter stand for: next leads from one to the
// next, one finds a resource that has it, and each tells the numbers of a value. ok is false
// where there are too many.
func (s *sortTexts) named(next, one string, each func(v *search.IndexValue, is func(int64, string))) (map[int64]string, bool, error) {
	most := min(maxRead, len(s.rids))
	numbers, err := s.p.distinct(most, next, s.number)
	if err != nil || len(numbers) > most {
		return nil, false, err
	}
	names := make(map[int64]string, len(numbers))
	for some := range slices.Chunk(numbers, 100) {
		var rids []int64
		for _, n := range some {
			if _, known := names[n]; known {
				continue
			}
			rid, _, err := db.One(s.p.Conn, one, s.number, n)
			if err != nil {
				return nil, false, err
			}
			rids = append(rids, rid)
		}
		slices.Sort(rids)
		rids = slices.Compact(rids)
		if !s.mayRead(len(rids)) {
			return nil, false, nil
		}
		err := s.read(rids, func(_ int64, v *search.IndexValue) {
			each(v, func(n int64, text string) { names[n] = text })
		})
		if err != nil {
			return nil, false, err
		}
	}
	return names, true, nil
}

// mayRead reports whether the query may still read so many resources, and counts them.
func (s *sortTexts) mayRead(n int) bool {
	if s.p.read+n > maxReads || n > maxRead {
		return false
	}
	s.p.read += n
	return true
}

// read calls f with the values of resources under the parameter.
func (s *sortTexts) read(rids []int64, f func(rid int64, v *search.IndexValue)) error {
	return s.p.Read(rids, func(rid int64, res *fhir.Node) error {
		values, err := s.p.Catalogue.ExtractOne(res, s.p.Base, s.k.Param.IndexName())
		for i := range values {
			f(rid, &values[i])
		}
		return err
	})
}
