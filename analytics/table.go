package analytics

import (
	"context"
	"embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"chartlake/analytics/view"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

//go:embed views
var definitions embed.FS

// Table is a flat table: a name, columns, and where its rows come from.
type Table struct {
	Name    string
	Columns []view.Column
	views   []*view.View                                            // of resources; several of one table have the same columns
	rows    func(d *documentRows, emit func(row []any) error) error // or of a document and its record
}

// Tables lists the tables that Chartlake has, in the order of their names.
var Tables = sync.OnceValue(func() []Table {
	byName := map[string]*Table{}
	entries, err := definitions.ReadDir("views")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		v, err := embedded("views/" + e.Name())
		if err != nil {
			panic(fmt.Sprintf("%s: %v", e.Name(), err)) // embedded, and compiled by a test
		}
		if t := byName[v.Name]; t != nil {
			t.views = append(t.views, v)
			continue
		}
		byName[v.Name] = &Table{Name: v.Name, Columns: v.Columns, views: []*view.View{v}}
	}
	out := slices.Clone(documentTables)
	for _, t := range byName {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return out
})

func embedded(name string) (*view.View, error) {
	data, err := definitions.ReadFile(name)
	if err != nil {
		return nil, err
	}
	n, err := fhir.Parse(data)
	if err != nil {
		return nil, err
	}
	return view.Compile(n)
}

// Named gives tables by their names, all for none.
func Named(names []string) ([]Table, error) {
	all := Tables()
	if len(names) == 0 {
		return all, nil
	}
	var out []Table
	for _, name := range names {
		i := slices.IndexFunc(all, func(t Table) bool { return t.Name == name })
		if i < 0 {
			var have []string
			for _, t := range all {
				have = append(have, t.Name)
			}
			return nil, fault.New(fault.NotFound, "no_such_table", "there is no such table; tables are %s", strings.Join(have, ", "))
		}
		out = append(out, all[i])
	}
	return out, nil
}

// Of makes a table of a view.
func Of(v *view.View) Table {
	return Table{Name: v.Name, Columns: v.Columns, views: []*view.View{v}}
}

// Rows gives the rows of the table in a snapshot. The row is reused: emit must not keep it.
func (t Table) Rows(ctx context.Context, v store.View, emit func(row []any) error) error {
	if t.rows != nil {
		return eachDocument(ctx, v, func(d *documentRows) error { return t.rows(d, emit) })
	}
	for _, of := range t.views {
		if err := resourceRows(ctx, v, of, emit); err != nil {
			return err
		}
	}
	return nil
}

func resourceRows(ctx context.Context, v store.View, of *view.View, emit func(row []any) error) error {
	runner := of.Runner()
	q := store.ExportQuery{Type: of.Resource, Top: math.MaxInt64}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := v.Export(q)
		if err != nil {
			return err
		}
		for i := range page.Versions {
			if err := runner.Rows(page.Versions[i].Resource, emit); err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
		q.After = page.Last
	}
}
