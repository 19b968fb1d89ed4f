package storetest

import (
	"net/url"
	"slices"
	"testing"

	"chartlake/search"
	"chartlake/store"
)

// testPartition takes every parameter of R4 of the types of a world, by no idea of what they
// match: resources with and without a value are all of them and none twice; so are those that
// match a code and those that do not.
func testPartition(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	w, g := newWorld(t, s, 7, 120, 0)
	for _, actor := range []store.Actor{anna, {ID: "app", Patients: []string{"p0", "p1", "p3"}}} {
		for _, k := range kindsOfThings {
			var whole []string
			for _, r := range w.seenBy(actor.Patients).things {
				if r.typ == k.typ {
					whole = append(whole, r.key())
				}
			}
			for _, p := range search.R4().Params(k.typ) {
				parts(t, s, actor, k.typ, whole, p.Code+":missing=true", p.Code+":missing=false")
				if p.Kind == search.KindToken {
					value := url.QueryEscape(g.tokenValue("").text)
					parts(t, s, actor, k.typ, whole, p.Code+"="+value, p.Code+":not="+value)
				}
			}
			id := g.id(k.typ)
			parts(t, s, actor, k.typ, whole, "_id="+id, "_id:not="+id)
		}
	}
}

// parts expects two queries to give all of a type between them.
func parts(t *testing.T, s store.Store, actor store.Actor, typ string, whole []string, one, other string) {
	t.Helper()
	var got []string
	for _, q := range []string{one, other} {
		parsed, err := reading(typ + "?_count=1000&" + q)
		if err != nil {
			t.Fatalf("%s?%s: %v", typ, q, err)
		}
		page, err := askedFor(s, actor, parsed)
		if err != nil {
			t.Fatalf("%s?%s: %v", typ, q, err)
		}
		for _, m := range page.Matches {
			got = append(got, m.Key.String())
		}
	}
	if more, less := without(got, whole), without(whole, got); more != nil || less != nil {
		t.Errorf("%s?%s and %s (confined %v): more %v, less %v", typ, one, other, actor.Patients != nil, slices.Sorted(slices.Values(more)), less)
	}
}
