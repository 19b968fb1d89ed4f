package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/roster"
)

// importCommand is `chartlake import`.
type importCommand struct {
	Paths []string `arg:"" help:"Files of FHIR NDJSON (also .gz, .zst), of one Bundle (.json, also .gz, .zst), rosters of patients or NPPES providers (.csv), or folders of them; - is NDJSON from standard input."`
	place
	Mode string `help:"What is checked before a resource is written: strict (profiles, invariants, all bindings), structure, minimal (JSON, type, id)." enum:"strict,structure,minimal" default:"structure"`
}

func (importCommand) Help() string {
	return "Examples: chartlake import fhir/ --data ./chartlake-data\n          chartlake import patients.csv npidata_pfile_20261109.csv\n\nIds are kept; what is there already and the same is left alone. Exit code 7: some lines were refused."
}

// importEvent is a line of --json.
type importEvent struct {
	Event     string  `json:"event"`          // imported, refused, failed
	File      int     `json:"file,omitempty"` // of those that were given, from 1; 0: all of lines
	Line      int     `json:"line,omitempty"`
	Code      string  `json:"code,omitempty"`
	Message   string  `json:"message,omitempty"`
	Created   int     `json:"created,omitempty"`
	Updated   int     `json:"updated,omitempty"`
	Unchanged int     `json:"unchanged,omitempty"`
	Refused   int     `json:"refused,omitempty"`
	Seconds   float64 `json:"seconds,omitempty"`
}

func (c importCommand) Run(e *env) error {
	files, err := list(c.Paths)
	if err != nil {
		return err
	}
	client, done, err := c.reach(e)
	if err != nil {
		return err
	}
	defer done()
	refused := 0
	var lines []source
	for n, name := range files {
		if packed := packing(name); !strings.HasSuffix(strings.TrimSuffix(strings.ToLower(name), packed), ".json") {
			lines = append(lines, source{n + 1, name})
			continue
		}
		ev, err := c.bundle(e, client, name)
		if err != nil {
			if k := fault.KindOf(err); k == fault.Unavailable || k == fault.Full || k == fault.Unauthenticated || len(files) == 1 || e.ctx.Err() != nil {
				return err
			}
			ev = importEvent{Event: "failed", Refused: 1, Code: faultCode(err), Message: err.Error()}
		}
		ev.File = n + 1
		refused += ev.Refused
		e.imported(ev)
	}
	if len(lines) > 0 {
		ev, err := c.lines(e, client, lines)
		if err != nil {
			return err
		}
		refused += ev.Refused
	}
	if refused > 0 {
		return result(exitSomeFailed)
	}
	return nil
}

// packings are the endings of packed files and what HTTP calls them.
var packings = map[string]string{".gz": "gzip", ".zst": "zstd"}

// packing is the ending of a packed file's name, or nothing.
func packing(name string) string {
	if end := strings.ToLower(filepath.Ext(name)); packings[end] != "" {
		return end
	}
	return ""
}

// source is a file of lines and its number among those that were given.
type source struct {
	n    int
	name string
}

// imported tells what became of a file or a line.
func (e *env) imported(ev importEvent) {
	where := ""
	if ev.File > 0 {
		where = fmt.Sprintf("file %d: ", ev.File)
	}
	switch {
	case e.cli.JSON:
		_ = json.NewEncoder(e.stdout).Encode(ev)
	case ev.Event == "imported":
		rate := float64(ev.Created+ev.Updated+ev.Unchanged) / max(ev.Seconds, 0.001)
		fmt.Fprintf(e.stdout, "%s%d created, %d updated, %d unchanged, %d refused; %.0f a second\n", where, ev.Created, ev.Updated, ev.Unchanged, ev.Refused, rate)
	case ev.Line > 0:
		fmt.Fprintf(e.stderr, "chartlake: file %d, line %d was refused: %s [%s]\n", ev.File, ev.Line, ev.Message, ev.Code)
	default:
		fmt.Fprintf(e.stderr, "chartlake: %s%s [%s]\n", where, ev.Message, ev.Code)
	}
}

// lines imports all files of NDJSON as one job, so that references between them find each other.
func (c importCommand) lines(e *env, client *fhirClient, files []source) (importEvent, error) {
	began := time.Now()
	bar := e.progress("importing")
	defer bar.done()
	body, write := io.Pipe()
	parts := multipart.NewWriter(write)
	rows := 0 // of rosters that were refused before they were sent
	sent := make(chan error, 1)
	go func() {
		err := sendParts(parts, files, func(file, line int, err error) {
			if rows++; rows <= shownRefusals || e.cli.JSON {
				e.imported(importEvent{Event: "refused", File: file, Line: line, Code: faultCode(err), Message: fault.As(err).Message})
			}
		})
		write.CloseWithError(err)
		sent <- err
	}()
	defer body.Close()
	m, err := client.job(e.ctx, http.MethodPost, "/$import?"+url.Values{"mode": {c.Mode}}.Encode(), "multipart/mixed; boundary="+parts.Boundary(), body, bar.at)
	body.Close()
	if broken := <-sent; fault.As(broken) != nil {
		err = broken // the file was no roster; the server only saw that it ended
	}
	if err != nil {
		return importEvent{}, err
	}
	bar.done()
	count := func(name string) int { v, _ := m.Extension[name].(float64); return int(v) }
	ev := importEvent{Event: "imported", Created: count("created"), Updated: count("updated"), Unchanged: count("unchanged"), Refused: count("refused") + rows,
		Seconds: time.Since(began).Seconds()}
	for _, f := range m.Error {
		if err := e.refusals(client, files, f.URL); err != nil {
			return ev, err
		}
	}
	e.imported(ev)
	return ev, nil
}

func sendParts(parts *multipart.Writer, files []source, refused func(file, line int, err error)) error {
	for _, f := range files {
		part, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {"application/fhir+ndjson"}})
		if err != nil {
			return err
		}
		if err := sendFile(part, f.name, func(line int, err error) { refused(f.n, line, err) }); err != nil {
			return err
		}
	}
	return parts.Close()
}

// sendFile sends a file's lines; of a roster those that it becomes.
func sendFile(to io.Writer, name string, refused func(line int, err error)) error {
	if name == "-" {
		_, err := io.Copy(to, os.Stdin)
		return err
	}
	f, err := openInput(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		return roster.Convert(f, to, refused)
	}
	_, err = io.Copy(to, f)
	return err
}

// shownRefusals is how many refused lines a person is told of.
const shownRefusals = 20

// refusals tells of every line that was refused.
func (e *env) refusals(client *fhirClient, files []source, address string) error {
	body, err := client.file(e.ctx, address)
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewReader(body)
	for told := 0; ; {
		text, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(text)) > 0 {
			if o, err := fhir.Parse(text); err == nil {
				issue := o.Get("issue").Item(0)
				file, line := 0, 0
				for _, p := range o.Get("extension").Item(0).Get("extension").Items() {
					switch n, _ := strconv.Atoi(p.Get("valueInteger").Text()); p.Str("url") {
					case "line":
						line = n
					case "file":
						if n > 0 && n <= len(files) {
							file = files[n-1].n
						}
					}
				}
				_, message, _ := strings.Cut(issue.Str("diagnostics"), ": ")
				if told++; told > shownRefusals && !e.cli.JSON {
					fmt.Fprintln(e.stderr, "chartlake: further lines were refused; --json lists all")
					return nil
				}
				e.imported(importEvent{Event: "refused", File: file, Line: line, Code: issue.Get("details").Get("coding").Item(0).Str("code"), Message: message})
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fault.New(fault.Unavailable, "answer_cut", "the server's answer was cut")
		}
	}
}

// bundle posts a Bundle as it is and counts what its answer says.
func (c importCommand) bundle(e *env, client *fhirClient, name string) (ev importEvent, err error) {
	began := time.Now()
	in, err := openInput(name)
	if err != nil {
		return ev, err
	}
	defer in.Close()
	req, err := http.NewRequestWithContext(e.ctx, http.MethodPost, client.base, in)
	if err != nil {
		return ev, err
	}
	req.Header.Set("Content-Type", "application/fhir+json")
	if packed := packing(name); packed != "" {
		req.Header.Set("Content-Encoding", packings[packed])
	}
	if client.token != "" {
		req.Header.Set("Authorization", "Bearer "+client.token)
	}
	resp, err := client.http.Do(req)
	if err != nil {
		return ev, fault.New(fault.Unavailable, "no_server", "no server answers at the address; start one with chartlake serve")
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerMax))
	if err != nil {
		return ev, fault.New(fault.Unavailable, "answer_cut", "the server's answer was cut")
	}
	n, err := fhir.Parse(data)
	if err != nil {
		return ev, fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
	}
	if resp.StatusCode >= 400 {
		issue := n.Get("issue").Item(0)
		return ev, fault.New(kindOf(resp.StatusCode), issue.Get("details").Get("coding").Item(0).Str("code"), "%s", issue.Str("diagnostics"))
	}
	for _, entry := range n.Get("entry").Items() {
		switch status := entry.Str("response", "status"); {
		case strings.HasPrefix(status, "201"):
			ev.Created++
		case strings.HasPrefix(status, "2"):
			ev.Updated++
		default:
			ev.Refused++
		}
	}
	ev.Event, ev.Seconds = "imported", time.Since(began).Seconds()
	return ev, nil
}
