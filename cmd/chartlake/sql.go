package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"chartlake/fault"
)

// sqlCommand is `chartlake sql`.
type sqlCommand struct {
	Query  string `arg:"" help:"One statement that reads; - takes it from stdin."`
	Format string `help:"table, csv, json (columns and rows), ndjson or parquet." enum:"table,csv,json,ndjson,parquet" default:"table"`
	Limit  int    `help:"Rows that the answer may have; with more it is an error." default:"10000" placeholder:"N"`
	place
}

func (sqlCommand) Help() string {
	return "Example: chartlake sql 'select test, count(*) from observations group by test order by 2 desc limit 10' --data ./chartlake-data\n\n" +
		"docs/guide/tables.md has the tables. What you may not see is not in them."
}

// askMax bounds SQL that is read from stdin; a server takes less.
const askMax = 1 << 20

func (c sqlCommand) Run(e *env) error {
	if c.Query == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, askMax))
		if err != nil {
			return usage("stdin cannot be read")
		}
		c.Query = string(text)
	}
	if c.Limit < 1 {
		return usage("--limit is a number of rows, 1 or more")
	}
	if c.Data != "" {
		if err := (dataFolder{Data: c.Data, database: c.database}).existing(); err != nil {
			return err
		}
	}
	client, done, err := c.reach(e)
	if err != nil {
		return err
	}
	defer done()
	format := c.Format
	if format == "table" || e.cli.JSON {
		format = "json"
	}
	address := strings.TrimSuffix(client.base, "/fhir") + "/sql?" + url.Values{"format": {format}, "limit": {strconv.Itoa(c.Limit)}}.Encode()
	resp, err := client.send(e.ctx, http.MethodPost, address, "application/sql", strings.NewReader(c.Query))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer bytes.Buffer // whole before the first byte of it is written
	if _, err := answer.ReadFrom(resp.Body); err != nil {
		return fault.New(fault.Unavailable, "answer_cut", "the server's answer was cut")
	}
	if c.Format == "table" && !e.cli.JSON {
		return grid(e.stdout, answer.Bytes())
	}
	_, err = answer.WriteTo(e.stdout)
	return err
}

// grid prints an answer for people: columns as wide as their widest value, up to gridWidth.
func grid(to io.Writer, body []byte) error {
	var answer struct {
		Columns []struct{ Name, Type string }
		Rows    [][]any
	}
	in := json.NewDecoder(bytes.NewReader(body))
	in.UseNumber()
	if err := in.Decode(&answer); err != nil {
		return fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
	}
	lines := [][]string{{}}
	for _, c := range answer.Columns {
		lines[0] = append(lines[0], shown(c.Name))
	}
	for _, row := range answer.Rows {
		var line []string
		for _, v := range row {
			line = append(line, shown(v))
		}
		lines = append(lines, line)
	}
	wide := make([]int, len(answer.Columns))
	for _, line := range lines {
		for i, cell := range line {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	out := bufio.NewWriter(to)
	for n, line := range lines {
		for i, cell := range line {
			space := strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell))
			switch kind := answer.Columns[i].Type; {
			case kind == "integer64" || kind == "decimal":
				out.WriteString(space + cell)
			case i < len(line)-1:
				out.WriteString(cell + space)
			default:
				out.WriteString(cell)
			}
			if i < len(line)-1 {
				out.WriteString("  ")
			}
		}
		out.WriteByte('\n')
		if n == 0 {
			for i, w := range wide {
				if i > 0 {
					out.WriteString("  ")
				}
				out.WriteString(strings.Repeat("─", w))
			}
			out.WriteByte('\n')
		}
	}
	fmt.Fprintf(out, "%s\n", rowCount(len(answer.Rows)))
	return out.Flush()
}

func rowCount(n int) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.Itoa(n) + " rows"
}

// gridWidth is how many characters of a value the table shows; the other formats have all.
const gridWidth = 60

// oneLine is a text on one line of a terminal: nothing in it moves the cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) && r != ' ' {
			return ' '
		}
		return r
	}, s)
}

// shown is a value in a cell of the table.
func shown(v any) string {
	if v == nil {
		return ""
	}
	s := oneLine(fmt.Sprint(v))
	if utf8.RuneCountInString(s) > gridWidth {
		s = string([]rune(s)[:gridWidth-1]) + "…"
	}
	return s
}
