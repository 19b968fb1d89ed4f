package storetest

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"chartlake/internal/sharedtest"

	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

// examples reads the HL7 R4 examples.
func examples(t testing.TB) []*fhir.Node {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, "fhir/hl7-r4-examples.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []*fhir.Node
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", h.Name, err)
			continue
		}
		list = append(list, n)
	}
}

// queryOf writes an index value as a client would ask for it; "" where it cannot be asked.
func queryOf(v search.IndexValue) string {
	e := search.Escape
	switch v.Param.Kind {
	case search.KindToken:
		if v.Token.System != "" {
			return e(v.Token.System) + "|" + e(v.Token.Code)
		}
		return e(v.Token.Code)
	case search.KindString, search.KindURI:
		return e(v.Text)
	case search.KindReference:
		switch {
		case v.Ref.URL != "" && v.Ref.Version != "":
			return e(v.Ref.URL + "|" + v.Ref.Version)
		case v.Ref.URL != "":
			return e(v.Ref.URL)
		case v.Ref.ID != "":
			return v.Ref.Type + "/" + v.Ref.ID
		}
	case search.KindDate:
		return momentOf(v.Date)
	case search.KindNumber:
		return number(v.Lo)
	case search.KindQuantity:
		ask := number(v.Lo)
		switch { // a range, open or not
		case math.IsInf(v.Lo, -1):
			ask = "le" + number(v.Hi)
		case v.Lo != v.Hi:
			ask = "ge" + number(v.Lo)
		}
		if v.Unit.System != "" {
			return ask + "|" + e(v.Unit.System) + "|" + e(v.Unit.Code)
		}
		return ask
	case search.KindComposite:
		var parts []string
		for _, p := range v.Parts {
			part := queryOf(p)
			if part == "" {
				return ""
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, "$")
	}
	return ""
}

func number(f float64) string {
	if s := strconv.FormatFloat(f, 'f', -1, 64); len(s) <= 20 {
		return s
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// momentOf writes a span as the date or time that it stands for, and of a period its start or,
// where it has none, its end.
func momentOf(r search.Range) string {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z"} {
		text := time.UnixMilli(r.Lo).UTC().Format(layout)
		if lo, hi, ok := span(text); ok && lo == r.Lo && hi == r.Hi {
			return text
		}
	}
	if r.Lo == search.MinTime {
		return "le" + instantOf(r.Hi-1)
	}
	return "ge" + instantOf(r.Lo)
}

func instantOf(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// Examples stores the HL7 examples and looks each up by every search parameter with a
// value taken from it, with and without a filter on its id. Without CHARTLAKE_LAB one in
// seven is looked up.
func Examples(t *testing.T, open Open) {
	list := examples(t)
	s := open(t)
	ctx := context.Background()
	step := 7
	if os.Getenv("CHARTLAKE_LAB") != "" {
		step = 1
	}
	var stored []*fhir.Node
	for _, n := range list {
		res, err := s.Transact(ctx, anna, []store.Command{store.Update{Resource: n}})
		if err != nil {
			t.Errorf("%s/%s: %v", n.Type(), n.ID(), err)
			continue
		}
		stored = append(stored, res[0].Version.Resource)
		roundTrip(t, s, n)
	}
	asked, skipped := 0, 0
	params := map[string]bool{}
	for i, n := range stored {
		if i%step != 0 {
			continue
		}
		values, err := search.R4().Extract(n, "")
		if err != nil {
			t.Errorf("%s/%s: %v", n.Type(), n.ID(), err)
			continue
		}
		done := map[string]bool{}
		for _, v := range values {
			ask, modifier := queryOf(v), ""
			if v.Param.Kind == search.KindReference && v.Ref == (search.Reference{}) {
				ask, modifier = search.Escape(v.Token.System)+"|"+search.Escape(v.Token.Code), ":identifier"
			}
			if ask == "" {
				skipped++
				continue
			}
			// A value of a contained resource is asked for by a chain.
			raw := strings.Replace(v.Param.Code, ".", ":", 1) + modifier + "=" + url.QueryEscape(ask)
			if done[raw] || len(ask) > search.MaxText {
				continue
			}
			done[raw] = true
			asked++
			params[v.Param.Type+"."+v.Param.Code] = true
			for _, more := range []string{"", "&_id=" + n.ID()} {
				if !finds(t, s, n.Type()+"?"+raw+more+"&_count=10000", n.ID()) {
					t.Errorf("%s/%s is not found by %s%s", n.Type(), n.ID(), raw, more)
				}
			}
		}
	}
	t.Logf("%d resources, %d of 720 stored, %d queries over %d parameters, %d values not askable", len(list), len(stored), asked, len(params), skipped)
	if asked < 500 {
		t.Errorf("only %d queries were made", asked)
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

func finds(t *testing.T, s store.Store, q, id string) bool {
	parsed := query(t, q)
	found := false
	err := s.View(context.Background(), anna, func(v store.View) error {
		page, err := v.Search(parsed)
		if err != nil {
			return err
		}
		for _, m := range page.Matches {
			found = found || m.Key.ID == id
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", q, err)
		return true
	}
	return found
}

// roundTrip reads a resource back and compares it as JSON values, decimals by their digits.
func roundTrip(t *testing.T, s store.Store, n *fhir.Node) {
	t.Helper()
	err := s.View(context.Background(), anna, func(v store.View) error {
		got, err := v.Read(store.Key{Type: n.Type(), ID: n.ID()})
		if err != nil {
			return err
		}
		if a, b := canonicalJSON(n), canonicalJSON(got.Resource); a != b {
			return fmt.Errorf("read back differs")
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s/%s: %v", n.Type(), n.ID(), err)
	}
}

// canonicalJSON is the JSON without what the store sets.
func canonicalJSON(n *fhir.Node) string {
	n = n.Shallow()
	meta := n.Get("meta").Shallow()
	if meta != nil {
		meta.Delete("versionId")
		meta.Delete("lastUpdated")
		if len(meta.Members()) == 0 {
			meta = nil
		}
	}
	n.Delete("meta")
	return string(n.AppendJSON(nil)) + string(meta.AppendJSON(nil))
}
