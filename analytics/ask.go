package analytics

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chartlake/analytics/sheet"
	"chartlake/analytics/sql"
	"chartlake/audit"
	"chartlake/fault"
	"chartlake/smart"
	"chartlake/store"
)

// questionsAtOnce bounds how many questions have tables in memory; the others wait.
const questionsAtOnce = 2

// desk answers questions in SQL.
type desk struct {
	Config
	seats chan struct{}
}

// question is what POST /sql takes: as JSON, or the SQL alone as text.
type question struct {
	Query string `json:"query"`
	Limit int    `json:"limit"`
}

// ask answers {"columns": […], "rows": [[…]]}, or a file as ?format says. Tables are read as the
// asker may read them: a question to what he may not see is refused when it names the table.
func (d desk) ask(w http.ResponseWriter, r *http.Request) error {
	q, err := asked(w, r)
	if err != nil {
		return err
	}
	format := r.URL.Query().Get("format")
	if format != "" && format != "json" && !slices.Contains(sheet.Formats, format) {
		return fault.New(fault.Invalid, "no_such_format", "formats are json, %s", strings.Join(sheet.Formats, ", "))
	}
	actor, err := d.Actor(r, smart.Read, "documents")
	if err != nil {
		return err
	}
	select {
	case d.seats <- struct{}{}:
		defer func() { <-d.seats }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	ctx := audit.Within(r.Context(), "sql")
	var answer *sql.Answer
	if err := d.Store.View(ctx, actor, func(v store.View) (err error) {
		var tables []sql.Table
		for _, t := range Tables() {
			tables = append(tables, sql.Table{Name: t.Name, Columns: t.Columns, Rows: func(emit func([]any) error) error {
				for _, kind := range t.kinds() {
					if _, err := d.Actor(r, smart.Read, kind); err != nil {
						return err
					}
				}
				return t.Rows(ctx, v, emit)
			}})
		}
		answer, err = sql.Ask(ctx, tables, q.Query, q.Limit)
		return err
	}); err != nil {
		return err
	}
	if format == "" || format == "json" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if answer.Rows == nil {
			answer.Rows = [][]any{}
		}
		return json.NewEncoder(w).Encode(answer)
	}
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote("answer."+format))
	return Stream(w, format, answer.Columns, func(emit func([]any) error) error {
		for _, row := range answer.Rows {
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func asked(w http.ResponseWriter, r *http.Request) (q question, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2*sql.MaxQuery))
	if err != nil {
		return q, fault.New(fault.TooLarge, "sql_too_large", "SQL has more than %d bytes", sql.MaxQuery)
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/json" {
		q.Query = string(body)
	} else if err := json.Unmarshal(body, &q); err != nil {
		return q, fault.New(fault.Invalid, "sql_invalid", "the body is no JSON of the form {\"query\": \"select …\", \"limit\": 100}")
	}
	if n := r.URL.Query().Get("limit"); n != "" {
		if q.Limit, err = strconv.Atoi(n); err != nil || q.Limit < 1 {
			return q, fault.New(fault.Invalid, "sql_limit", "an answer has 1 to %d rows", sql.MaxRows)
		}
	}
	return q, nil
}
