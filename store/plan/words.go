package plan

import (
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// words compiles _text and _content where their words are indexed: each word is a range of the
// token table.
func (p *Planner) words(f *search.Filter, number int64) (cond, error) {
	var sets []db.Frag
	var tests []func(string) db.Frag
	for i := range f.Values {
		c, err := p.wordsCond(f.Values[i].Words, number)
		if err != nil {
			return cond{}, err
		}
		sets, tests = append(sets, c.set), append(tests, c.test)
	}
	return cond{set: union(sets), ordered: false, test: anyTest(tests)}, nil
}

func (p *Planner) wordsCond(w *search.Words, number int64) (cond, error) {
	word, or, of := w.Parts()
	if word != "" {
		hash := index.Word(p.Keys, word)
		return cond{set: db.SQL(`SELECT rid FROM token WHERE p=? AND c=? AND s=0`, number, hash), ordered: true, test: func(r string) db.Frag {
			return exists(db.SQL(`token WHERE p=? AND c=? AND s=0 AND rid=`+r, number, hash))
		}}, nil
	}
	var list []cond
	var sets []db.Frag
	var tests []func(string) db.Frag
	for _, part := range of {
		c, err := p.wordsCond(part, number)
		if err != nil {
			return cond{}, err
		}
		list, sets, tests = append(list, c), append(sets, c.set), append(tests, c.test)
	}
	switch {
	case len(list) == 1:
		return list[0], nil
	case or:
		return cond{set: union(sets), test: anyTest(tests)}, nil
	}
	// All words: from the rarest, the others are tested.
	if err := p.measure(list); err != nil {
		return cond{}, err
	}
	driver := smallest(list)
	return cond{set: db.Join("", list[driver].set.Wrap(`SELECT d.rid FROM (`, `) d`), where(list, driver, "d.rid")), ordered: list[driver].ordered,
		test: func(r string) db.Frag {
			var all []db.Frag
			for _, test := range tests {
				all = append(all, test(r))
			}
			return allOf(all)
		}}, nil
}

// anyTest holds where any of the tests does.
func anyTest(tests []func(string) db.Frag) func(string) db.Frag {
	return func(r string) db.Frag {
		var list []db.Frag
		for _, test := range tests {
			list = append(list, test(r))
		}
		return db.AnyOf(list)
	}
}

// allOf joins tests by AND, nested so that no expression is deeper than SQLite takes.
func allOf(tests []db.Frag) db.Frag {
	const width = 100
	for len(tests) > width {
		var outer []db.Frag
		for i := 0; i < len(tests); i += width {
			outer = append(outer, allOf(tests[i:min(i+width, len(tests))]))
		}
		tests = outer
	}
	return db.Join(` AND `, tests...).Wrap(`(`, `)`)
}
