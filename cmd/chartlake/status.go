package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
)

// shownDocument is a document as the server lists it.
type shownDocument struct {
	ID        string          `json:"id"`
	State     string          `json:"state"`
	Code      string          `json:"code,omitempty"`
	Question  string          `json:"question,omitempty"`
	MediaType string          `json:"media_type"`
	Pages     int             `json:"pages"`
	Bytes     int64           `json:"bytes"`
	Segments  json.RawMessage `json:"segments,omitempty"`
	Received  time.Time       `json:"received_at"`
	Settled   *time.Time      `json:"settled_at,omitempty"`
	History   json.RawMessage `json:"history,omitempty"`
}

// statusCommand is `chartlake status`.
type statusCommand struct {
	ID      string        `arg:"" optional:"" help:"A document's id; empty: the newest documents."`
	Wait    bool          `help:"Wait until the document settled."`
	Timeout time.Duration `help:"How long to wait." default:"1h"`
	remote
}

func (statusCommand) Help() string { return "Example: chartlake status 5bd9… --wait" }

func (c statusCommand) Run(e *env) error {
	if c.Wait && c.ID == "" {
		return usage("--wait needs a document's id")
	}
	if c.ID != "" {
		d, err := c.document(e)
		if err != nil {
			return err
		}
		if e.cli.JSON {
			return e.writeJSON(d)
		}
		fmt.Fprintf(e.stdout, "%s  %s %s\n%s, %d page(s), %d bytes, received %s\n", d.ID, d.State, d.Code, d.MediaType, d.Pages, d.Bytes,
			d.Received.Format(time.RFC3339))
		if d.Question != "" {
			fmt.Fprintln(e.stdout, d.Question)
		}
		return nil
	}
	var list struct{ Documents []shownDocument }
	if err := c.do(e.ctx, "GET", "/documents", nil, nil, 0, &list); err != nil {
		return err
	}
	if e.cli.JSON {
		return e.writeJSON(list.Documents)
	}
	for _, d := range list.Documents {
		fmt.Fprintf(e.stdout, "%s  %-12s %-20s %4d page(s)  %s\n", d.ID, d.State, d.Code, d.Pages, d.Received.Format(time.RFC3339))
	}
	return nil
}

// document asks for one document, with --wait until it settled.
func (c statusCommand) document(e *env) (d shownDocument, err error) {
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		d = shownDocument{}
		err = c.do(ctx, "GET", "/documents/"+url.PathEscape(c.ID), nil, nil, 0, &d)
		if err == nil && (!c.Wait || store.State(d.State).Settled()) {
			return d, nil
		} else if err == nil {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(pause):
				continue
			}
		}
		if e.ctx.Err() == nil && ctx.Err() != nil {
			err = fault.New(fault.Unavailable, "timeout", "the document did not settle in %s", c.Timeout)
		}
		return d, err
	}
}

// explainCommand is `chartlake explain`.
type explainCommand struct {
	ID    string `arg:"" help:"A document's id."`
	Field string `arg:"" help:"A field's name, as dob or 24F."`
	remote
}

func (explainCommand) Help() string { return "Example: chartlake explain 5bd9… dob" }

// Run shows, for each field of the name, where its value was read and why it has its state.
func (c explainCommand) Run(e *env) error {
	var rec record.Record
	if err := c.do(e.ctx, "GET", "/documents/"+url.PathEscape(c.ID)+"/record", nil, nil, 0, &rec); err != nil {
		return err
	}
	var found []record.Field
	for _, s := range rec.Segments {
		for _, f := range s.Fields {
			if f.Name == c.Field {
				found = append(found, f)
			}
		}
		for _, line := range s.Lines {
			if f, ok := line[c.Field]; ok {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 {
		return fault.New(fault.NotFound, "no_such_field", "the record has no field of this name")
	}
	if e.cli.JSON {
		return e.writeJSON(found)
	}
	for _, f := range found {
		value := "(nothing)"
		if f.Value != nil {
			value = *f.Value
		}
		fmt.Fprintf(e.stdout, "%s = %s\n  printed %q, page %d, box %s\n  state %s, confidence %.2f, source %s, rule %s, stage %s\n",
			f.Name, value, f.Raw, f.Page, f.Box, f.State, f.Confidence, f.Source, f.Rule, rec.Versions["form"])
		for _, r := range f.Reasons {
			fmt.Fprintln(e.stdout, "  because", r)
		}
		if f.Human != nil {
			fmt.Fprintf(e.stdout, "  %s by %s at %s\n", f.Human.Action, f.Human.Who, f.Human.At)
		}
	}
	return nil
}
