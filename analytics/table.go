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
	views   []*view.View                                        // of resources; several of one table have the same columns
	rows    func(d *Recorded, emit func(row []any) error) error // or of a document and its record
	text    string                                              // of the views
}

// Tables lists the tables that Chartlake has, in the order of their names.
var Tables = sync.OnceValue(func() []Table {
	byName := map[string]*Table{}
	entries, err := definitions.ReadDir("views")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		v, text, err := embedded("views/" + e.Name())
		if err != nil {
			panic(fmt.Sprintf("%s: %v", e.Name(), err)) // embedded, and compiled by a test
		}
		if t := byName[v.Name]; t != nil {
			t.views = append(t.views, v)
			t.text += text
			continue
		}
		byName[v.Name] = &Table{Name: v.Name, Columns: v.Columns, views: []*view.View{v}, text: text}
	}
	out := slices.Clone(documentTables)
	for _, t := range byName {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return out
})

func embedded(name string) (*view.View, string, error) {
	data, err := definitions.ReadFile(name)
	if err != nil {
		return nil, "", err
	}
	n, err := fhir.Parse(data)
	if err != nil {
		return nil, "", err
	}
	v, err := view.Compile(n)
	return v, string(data), err
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
		return EachDocument(ctx, v, func(d *Recorded) error { return t.rows(d, emit) })
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

// Source is an origin of a table's rows: the resources of a type, or documents. Rows begin with the
// id of what they are of. A Source belongs to one goroutine.
type Source struct {
	Table  Table
	Type   string // of the resources; empty: documents
	runner *view.Runner
}

// Sources gives the origins of the table's rows.
func (t Table) Sources() (out []*Source) {
	if t.rows != nil {
		return []*Source{{Table: t}}
	}
	for _, v := range t.views {
		out = append(out, &Source{Table: t, Type: v.Resource, runner: v.Runner()})
	}
	return out
}

// Resource gives the rows of a resource. The row is reused.
func (s *Source) Resource(r *fhir.Node, emit func(row []any) error) error {
	return s.runner.Rows(r, emit)
}

// Document gives the rows of a document. The row is reused.
func (s *Source) Document(d *Recorded, emit func(row []any) error) error {
	return s.Table.rows(d, emit)
}

// Definition is the text that the table is made by; empty for those of documents.
func (t Table) Definition() string { return t.text }
