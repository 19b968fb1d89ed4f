//go:build duckdb

package sql

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// question is a statement as DuckDB's own parser understands it (json_serialize_sql, which takes
// statements that read and no others), and what it names.
type question struct {
	named  []name
	with   []string // what WITH calls, in lower case
	wants  bool     // parameters
	called []string // functions in the place of a table
}

// name is a table as it is named.
type name struct{ catalog, schema, table string }

// tableFunctions are those that make rows of what they are given, and look at nothing else.
var tableFunctions = []string{"unnest", "range", "generate_series", "json_each", "json_tree"}

// question parses the statement.
func (d *inMemory) question(ctx context.Context) (*question, error) {
	var text string
	if err := d.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", d.query).Scan(&text); err != nil {
		return nil, err
	}
	var parsed struct {
		Error      bool
		Kind       string `json:"error_type"`
		Position   string
		Statements []any
	}
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	if err := in.Decode(&parsed); err != nil {
		return nil, errNotUnderstood()
	}
	switch {
	case parsed.Error && parsed.Kind == "not implemented":
		return nil, errWrites()
	case parsed.Error:
		if at, err := strconv.Atoi(parsed.Position); err == nil && at >= 0 && at <= len(d.query) {
			return nil, invalid("sql_invalid", "SQL is not understood at character %d", utf8.RuneCountInString(d.query[:at])+1)
		}
		return nil, errNotUnderstood()
	case len(parsed.Statements) == 0:
		return nil, invalid("sql_empty", "there is no SQL to answer")
	case len(parsed.Statements) > 1:
		return nil, invalid("sql_invalid", "one statement is answered at a time")
	}
	q := &question{}
	q.walk(parsed.Statements[0])
	return q, nil
}

// walk collects what a part of the statement names.
func (q *question) walk(part any) {
	switch x := part.(type) {
	case []any:
		for _, p := range x {
			q.walk(p)
		}
	case map[string]any:
		text := func(key string) string { s, _ := x[key].(string); return s }
		switch text("type") {
		case "BASE_TABLE":
			q.named = append(q.named, name{text("catalog_name"), text("schema_name"), text("table_name")})
		case "SHOW_REF": // DESCRIBE and SUMMARIZE have a query; SHOW TABLES has none
			if x["query"] == nil {
				q.called = append(q.called, "show")
			}
		case "TABLE_FUNCTION":
			function, _ := x["function"].(map[string]any)
			called, _ := function["function_name"].(string)
			q.called = append(q.called, strings.ToLower(called))
		}
		if text("class") == "PARAMETER" {
			q.wants = true
		}
		if ctes, ok := x["cte_map"].(map[string]any); ok {
			list, _ := ctes["map"].([]any)
			for _, c := range list {
				entry, _ := c.(map[string]any)
				key, _ := entry["key"].(string)
				q.with = append(q.with, strings.ToLower(key))
			}
		}
		for _, p := range x {
			q.walk(p)
		}
	}
}

// tables gives the tables that the statement names, and refuses all other places that rows come from: the
// engine's own catalogues, files, and functions that look at either or run other SQL.
func (q *question) tables(all []Table) (out []Table, err error) {
	if q.wants {
		return nil, errParameters()
	}
	for _, f := range q.called {
		if !slices.Contains(tableFunctions, f) {
			return nil, invalid("sql_invalid", "only tables are read, and the functions %s", strings.Join(tableFunctions, ", "))
		}
	}
	for _, n := range q.named {
		i := slices.IndexFunc(all, func(t Table) bool { return strings.EqualFold(t.Name, n.table) })
		switch {
		case n.catalog == "" && n.schema == "" && slices.Contains(q.with, strings.ToLower(n.table)):
		case i >= 0 && (n.schema == "" || n.schema == "main") && (n.catalog == "" || n.catalog == "memory"):
		case schemaName(n.table):
			return nil, invalid("sql_invalid", "no such table: %s", n.table)
		default:
			return nil, invalid("sql_invalid", "there is no such table")
		}
		if i >= 0 && !slices.ContainsFunc(out, func(t Table) bool { return t.Name == all[i].Name }) {
			out = append(out, all[i])
		}
	}
	return out, nil
}
