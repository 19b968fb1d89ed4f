package analytics

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chartlake/analytics/sheet"
	"chartlake/analytics/view"
	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fault/problem"
	"chartlake/smart"
	"chartlake/store"
)

// Config is what the handler needs.
type Config struct {
	Store store.Store
	// Actor says who asks to read what kind (a resource type, or documents), or why they may not.
	Actor func(r *http.Request, do smart.Action, kind string) (store.Actor, error)
}

// Handler answers GET /tables, the tables with their columns; GET /tables/NAME, the rows of one
// as ?format says: parquet, csv or ndjson (the default); and POST /sql (ask.go). A table, and what a
// question reads of all tables, shows one moment.
func Handler(c Config) http.Handler {
	mux := http.NewServeMux()
	d := desk{Config: c, seats: make(chan struct{}, questionsAtOnce)}
	mux.HandleFunc("POST /sql", c.answering(d.ask))
	mux.HandleFunc("GET /tables", c.answering(c.list))
	mux.HandleFunc("GET /tables/{name}", c.answering(c.table))
	return mux
}

// answering sets the headers of answers that hold patient data: no cache keeps them.
func (c Config) answering(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if err := h(w, r); err != nil {
			audit.Of(r.Context()).Fails(err)
			problem.Answer(w, err, "something went wrong inside Chartlake")
		}
	}
}

func (c Config) list(w http.ResponseWriter, r *http.Request) error {
	if _, err := c.Actor(r, smart.Read, "documents"); err != nil {
		return err
	}
	type table struct {
		Name    string        `json:"name"`
		Columns []view.Column `json:"columns"`
	}
	list := []table{}
	for _, t := range Tables() {
		list = append(list, table{t.Name, t.Columns})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(w).Encode(map[string]any{"tables": list})
}

func (c Config) table(w http.ResponseWriter, r *http.Request) error {
	tables, err := Named([]string{r.PathValue("name")})
	if err != nil {
		return err
	}
	t := tables[0]
	var actor store.Actor
	for _, kind := range t.kinds() {
		if actor, err = c.Actor(r, smart.Read, kind); err != nil {
			return err
		}
	}
	format := r.URL.Query().Get("format")
	if format == "" {
		format = "ndjson"
	}
	if !slices.Contains(sheet.Formats, format) {
		return fault.New(fault.Invalid, "no_such_format", "formats are %s", strings.Join(sheet.Formats, ", "))
	}
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(t.Name+"."+format))
	ctx := audit.Within(r.Context(), "tables/"+t.Name)
	return Stream(w, format, t.Columns, func(emit func([]any) error) error {
		return c.Store.View(ctx, actor, func(v store.View) error { return t.Rows(ctx, v, emit) })
	})
}

// kinds are what one must be allowed to read for the table.
func (t Table) kinds() []string {
	if t.rows != nil {
		return []string{"documents"}
	}
	var out []string
	for _, v := range t.views {
		out = append(out, v.Resource)
	}
	return out
}

// Stream writes rows as an HTTP answer. Before the first row an error is returned; after it the
// answer is cut, so that nobody takes a part for the whole.
func Stream(w http.ResponseWriter, format string, columns []view.Column, rows func(emit func(row []any) error) error) error {
	out := &begun{to: w, media: sheet.MediaType(format)}
	file, err := sheet.New(format, columns, out)
	if err == nil {
		err = rows(file.Write)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		if out.began {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		w.Header().Del("Content-Disposition")
		return err
	}
	out.header()
	return nil
}

// begun sends the header with the first bytes.
type begun struct {
	to    http.ResponseWriter
	media string
	began bool
}

func (b *begun) header() {
	if !b.began {
		b.began = true
		b.to.Header().Set("Content-Type", b.media)
		b.to.WriteHeader(http.StatusOK)
	}
}

func (b *begun) Write(p []byte) (int, error) {
	b.header()
	return b.to.Write(p)
}
