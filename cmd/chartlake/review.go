package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/record"
	"chartlake/review"
)

// reviewCommand is `chartlake review`.
type reviewCommand struct {
	ID      string `arg:"" optional:"" help:"A document's id; empty: the documents that wait for a person."`
	Action  string `arg:"" optional:"" help:"accept, correct, reject, not_present, answer, approve, hold, resume, undo or suggest; empty: what waits in the document."`
	Target  string `arg:"" optional:"" help:"field:NAME, line:ROW:NAME, entity:ID, flag:INDEX, type, patient or document."`
	Value   string `arg:"" optional:"" help:"The value of correct; of answer a patient's id or new."`
	Segment int    `help:"Which document of the file, from 0."`
	Reason  string `help:"Why; hold needs one."`
	AsShown bool   `help:"With approve: also accept every open value as it was read."`
	remote
}

func (reviewCommand) Help() string {
	return "Example: chartlake review 5bd9… correct field:dob 1961-11-02"
}

var reviewActs = []string{review.Accept, review.Correct, review.Reject, review.NotPresent, review.Answer, review.Approve, review.Hold, review.Resume, review.Undo}

// Run lists what waits, shows what waits in a document, or does one act on it.
func (c reviewCommand) Run(e *env) error {
	switch {
	case c.ID == "":
		return c.queue(e)
	case c.Action == "":
		return c.show(e)
	case c.Action == "suggest":
		return c.suggest(e)
	case !slices.Contains(reviewActs, c.Action):
		return usage("the action is one of " + strings.Join(reviewActs, ", ") + " and suggest")
	}
	return c.act(e)
}

func (c reviewCommand) queue(e *env) error {
	var list []shownDocument
	for cursor := ""; ; {
		var page struct {
			Documents []shownDocument
			Next      string
		}
		if err := c.do(e.ctx, http.MethodGet, "/review/queue?cursor="+url.QueryEscape(cursor), nil, nil, 0, &page); err != nil {
			return err
		}
		list = append(list, page.Documents...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if e.cli.JSON {
		return e.writeJSON(list)
	}
	for _, d := range list {
		fmt.Fprintf(e.stdout, "%s  %-12s %-20s %4d page(s)  %s\n", d.ID, d.State, d.Code, d.Pages, d.Received.Format(time.RFC3339))
	}
	return nil
}

func (c reviewCommand) path(rest string) string { return "/review/" + url.PathEscape(c.ID) + rest }

// waiting is one thing that waits for a person.
type waiting struct {
	Segment int      `json:"segment"`
	Target  string   `json:"target"`
	Value   *string  `json:"value,omitempty"`
	Reasons []string `json:"reasons"`
}

// show prints the open values, mentions and flags of a document, as targets of acts.
func (c reviewCommand) show(e *env) error {
	var d shownDocument
	if err := c.do(e.ctx, http.MethodGet, "/documents/"+url.PathEscape(c.ID), nil, nil, 0, &d); err != nil {
		return err
	}
	var rec record.Record
	if err := c.do(e.ctx, http.MethodGet, "/documents/"+url.PathEscape(c.ID)+"/record", nil, nil, 0, &rec); err != nil {
		return err
	}
	open := []waiting{}
	for i := range rec.Segments {
		open = append(open, openIn(&rec.Segments[i], i)...)
	}
	if e.cli.JSON {
		return e.writeJSON(struct {
			Document shownDocument `json:"document"`
			Open     []waiting     `json:"open"`
		}{d, open})
	}
	fmt.Fprintf(e.stdout, "%s  %s %s\n", d.ID, d.State, d.Code)
	if d.Question != "" {
		fmt.Fprintln(e.stdout, oneLine(d.Question))
	}
	for _, w := range open {
		value := "-"
		if w.Value != nil {
			value = strconv.Quote(*w.Value)
		}
		fmt.Fprintf(e.stdout, "%d %-28s %s  %s\n", w.Segment, w.Target, value, oneLine(strings.Join(w.Reasons, "; ")))
	}
	return nil
}

func openIn(seg *record.Segment, index int) (out []waiting) {
	for i := range seg.Fields {
		if f := &seg.Fields[i]; f.State == record.Review {
			out = append(out, waiting{index, "field:" + f.Name, f.Value, f.Reasons})
		}
	}
	for row, line := range seg.Lines {
		for _, name := range slices.Sorted(maps.Keys(line)) {
			if f := line[name]; f.State == record.Review {
				out = append(out, waiting{index, fmt.Sprintf("line:%d:%s", row, name), f.Value, f.Reasons})
			}
		}
	}
	for i := range seg.Entities {
		if x := &seg.Entities[i]; x.State == record.Review {
			out = append(out, waiting{index, "entity:" + x.ID, &x.Text, x.Reasons})
		}
	}
	for i, f := range seg.Flags {
		if f.Severity != record.SeverityInfo && f.Human == nil {
			out = append(out, waiting{index, fmt.Sprintf("flag:%d", i), nil, []string{f.Code + ": " + f.Message}})
		}
	}
	if sub := seg.Subject; sub != nil && sub.Patient == "" {
		w := waiting{index, "patient", nil, []string{sub.Question}}
		for _, candidate := range sub.Candidates {
			w.Reasons = append(w.Reasons, "Patient/"+candidate.Patient+" ("+strings.Join(candidate.Reasons, ", ")+")")
		}
		out = append(out, w)
	}
	return out
}

func (c reviewCommand) suggest(e *env) error {
	var got struct {
		Suggestions []review.Suggestion `json:"suggestions"`
	}
	q := url.Values{"segment": {strconv.Itoa(c.Segment)}, "target": {c.Target}}.Encode()
	if err := c.do(e.ctx, http.MethodGet, c.path("/suggestions?"+q), nil, nil, 0, &got); err != nil {
		return err
	}
	if e.cli.JSON {
		return e.writeJSON(got.Suggestions)
	}
	for _, s := range got.Suggestions {
		fmt.Fprintf(e.stdout, "%s  (%s)\n", oneLine(s.Value), oneLine(s.Reason))
	}
	return nil
}

// act does one act on the newest record; somebody else's act in between is refused by the server.
func (c reviewCommand) act(e *env) error {
	var seen struct {
		Record int `json:"record"`
	}
	if err := c.do(e.ctx, http.MethodGet, "/documents/"+url.PathEscape(c.ID), nil, nil, 0, &seen); err != nil {
		return err
	}
	a := review.Action{After: seen.Record, Kind: c.Action, Segment: c.Segment, Target: c.Target, Value: c.Value, Reason: c.Reason}
	if c.Action == review.Answer && a.Value == "" { // review ID answer Patient/1
		a.Target, a.Value = "patient", c.Target
	}
	if c.Action == review.Approve && c.AsShown {
		a.Value = review.AsShown
	}
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	var done json.RawMessage
	if err := c.do(e.ctx, http.MethodPost, c.path("/actions"), http.Header{"Content-Type": {"application/json"}}, bytes.NewReader(body), int64(len(body)), &done); err != nil {
		return err
	}
	if e.cli.JSON {
		return e.writeJSON(done)
	}
	var now struct{ State string }
	if err := json.Unmarshal(done, &now); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s  %s\n", c.ID, now.State)
	return nil
}
