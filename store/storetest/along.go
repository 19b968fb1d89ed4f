package storetest

import (
	"context"
	"slices"
	"strings"

	"chartlake/search"
	"chartlake/store"
)

// along is an _include or _revinclude.
type along struct {
	back, iterate        bool
	source, code, target string // code "*": every reference of the source
}

type alongs []along

func (list alongs) text() string {
	var b strings.Builder
	for _, a := range list {
		b.WriteString(map[bool]string{true: "&_revinclude", false: "&_include"}[a.back])
		if a.iterate {
			b.WriteString(":iterate")
		}
		b.WriteString("=" + a.source + ":" + a.code)
		if a.target != "" {
			b.WriteString(":" + a.target)
		}
	}
	return b.String()
}

func (g *maker) includes(typ string) (list alongs) {
	if len(g.count) == 0 || typ == "" || !g.often(45) {
		return nil
	}
	for range 1 + g.IntN(3) {
		a := along{back: g.often(40), iterate: g.often(40), source: one(g, kindsOfThings).typ}
		if ways := waysTo(typ); a.back && ways != nil && g.often(70) {
			by := one(g, ways)
			list = append(list, along{back: true, iterate: a.iterate, source: by.from, code: by.p.code})
			continue
		}
		if !a.back && g.often(60) {
			a.source = typ
		}
		var ways []naiveParam
		for _, p := range naiveParams[a.source] {
			if p.kind == "reference" && p.code != "questionnaire" {
				ways = append(ways, p)
			}
		}
		if ways == nil {
			continue
		}
		p := one(g, ways)
		if a.code = p.code; g.often(30) {
			a.target = one(g, p.targets)
		}
		list = append(list, a)
	}
	return list
}

// from is what comes along with the matches of a page: once around, and around again by those
// that iterate until nothing is new.
func (list alongs) from(w *world, matches []*thing) (names []string) {
	have := map[string]bool{}
	for _, r := range matches {
		have[r.key()] = true
	}
	for now, round := matches, 0; len(now) > 0; round++ {
		var next []*thing
		for _, a := range list {
			if round > 0 && !a.iterate {
				continue
			}
			for _, r := range a.step(w, now) {
				if !have[r.key()] {
					have[r.key()] = true
					next, names = append(next, r), append(names, r.key())
				}
			}
		}
		now = next
	}
	return names
}

// step goes along one of them from some resources.
func (a along) step(w *world, from []*thing) (out []*thing) {
	p := paramOf(a.source, a.code)
	if !a.back {
		for _, r := range from {
			if r.typ != a.source {
				continue
			}
			for _, ref := range refsIn(elements(r.body, p.paths)) {
				if to := w.by[ref.key()]; to != nil && (a.target == "" || to.typ == a.target) {
					out = append(out, to)
				}
			}
		}
		return out
	}
	for _, r := range w.things {
		if r.typ != a.source {
			continue
		}
		for _, ref := range refsIn(elements(r.body, p.paths)) {
			if slices.ContainsFunc(from, func(f *thing) bool { return f.key() == ref.key() && (a.target == "" || f.typ == a.target) }) {
				out = append(out, r)
			}
		}
	}
	return out
}

// askedFor gives one page.
func askedFor(s store.Store, actor store.Actor, q *search.Query) (page *store.SearchPage, err error) {
	err = s.View(context.Background(), actor, func(v store.View) (err error) {
		page, err = v.Search(q)
		return err
	})
	return page, err
}
