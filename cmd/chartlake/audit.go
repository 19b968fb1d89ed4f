package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/store"
)

// auditCommand is `chartlake audit`.
type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Walk along the whole trail: is any row changed, missing or cut off?"`
	List   auditList   `cmd:"" help:"Who did what to whose data, newest first."`
}

type auditVerify struct {
	Marks []string `help:"File of signed marks that was kept elsewhere (repeatable): a trail that was cut off or written anew does not fit them." placeholder:"FILE" type:"existingfile"`
	dataFolder
}

func (auditVerify) Help() string {
	return "Example: chartlake audit verify --data /srv/chartlake --marks /media/marks"
}

// Run holds the chain of the trail and its signed marks against the rows. The exit code is 0
// where all fits, else 5.
func (c auditVerify) Run(e *env) error {
	s, err := c.openExisting(e.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	report, err := s.Trail().Verify(e.ctx, c.Marks)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		if err := e.writeJSON(report); err != nil {
			return err
		}
	} else {
		e.tellTrail(report)
	}
	if report.Broken > 0 {
		return result(exitDamaged)
	}
	return nil
}

// broken says in words how a trail is broken.
var broken = map[string]string{
	audit.Changed:   "is not what was written",
	audit.Missing:   "is missing",
	audit.Truncated: "and all after it are cut off",
	audit.Rewritten: "is not what a signed mark says of it",
	audit.Unlisted:  "the list of who is in which row does not fit the rows",
}

func (e *env) tellTrail(r *audit.Report) {
	fmt.Fprintf(e.stdout, "%d row(s), %d to %d; %d signed mark(s), the newest of row %d\n", r.Rows, r.First, r.Last, r.Marks, r.Newest)
	if r.Foreign > 0 {
		fmt.Fprintf(e.stdout, "%d mark(s) are not of this trail\n", r.Foreign)
	}
	for _, b := range r.Breaks {
		if b.Seq == 0 {
			fmt.Fprintf(e.stderr, "chartlake: %s [%s]\n", broken[b.What], b.What)
			continue
		}
		fmt.Fprintf(e.stderr, "chartlake: row %d %s [%s]\n", b.Seq, broken[b.What], b.What)
	}
	if r.Broken > 0 {
		fmt.Fprintf(e.stderr, "chartlake: the trail is broken in %d place(s)\n", r.Broken)
		return
	}
	fmt.Fprintln(e.stdout, "the trail is whole")
	if r.Mark != "" {
		fmt.Fprintf(e.stdout, "\nKeep this signed mark elsewhere, and give it to --marks later:\n\n%s\n", strings.TrimRight(r.Mark, "\n"))
	}
}

type auditList struct {
	Patient  string    `help:"Only what touched the data of this patient (id)." placeholder:"ID"`
	Document string    `help:"Only what touched this document (SHA-256)." placeholder:"ID"`
	Actor    string    `help:"Only what this actor did (user:anna)." placeholder:"ACTOR"`
	Request  string    `help:"Only what belongs to this request." placeholder:"ID"`
	Since    time.Time `help:"At or after (RFC 3339)." placeholder:"TIME"`
	Until    time.Time `help:"Before." placeholder:"TIME"`
	Failed   bool      `help:"Only refusals and failures."`
	Limit    int       `help:"How many." default:"50"`
	dataFolder
}

func (auditList) Help() string {
	return "Example: chartlake audit list --patient 5f2c --since 2026-01-01T00:00:00Z"
}

// Run gives the events as lines, or as one JSON object per line.
func (c auditList) Run(e *env) error {
	if c.Limit < 1 {
		return usage("--limit takes at least 1")
	}
	s, err := c.openExisting(e.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	q := audit.Query{Patient: c.Patient, Document: c.Document, Actor: c.Actor, RequestID: c.Request, Since: c.Since, Until: c.Until}
	if c.Failed {
		q.Outcomes = []audit.Outcome{audit.Minor, audit.Serious}
	}
	for left := c.Limit; left > 0; {
		q.Limit = min(left, audit.MaxLimit)
		var page *audit.Page
		if err := s.View(e.ctx, operator, func(v store.View) (err error) {
			page, err = v.Events(q)
			return err
		}); err != nil {
			return err
		}
		for i := range page.Events {
			if err := e.tellEvent(&page.Events[i]); err != nil {
				return err
			}
		}
		left -= len(page.Events)
		if q.Before = page.Next; page.Next == 0 {
			return nil
		}
	}
	return nil
}

// access is the JSON of `audit list --json`, one object per line.
type access struct {
	Seq      int64         `json:"seq"`
	At       string        `json:"at"`
	Actor    string        `json:"actor"`
	Request  string        `json:"request,omitempty"`
	Via      string        `json:"via,omitempty"`
	Outcome  string        `json:"outcome"` // AuditEvent.outcome
	Code     string        `json:"code,omitempty"`
	Patients []string      `json:"patients,omitempty"`
	Steps    []interaction `json:"steps"`
}

type interaction struct {
	Action  audit.Action `json:"action"`
	Of      string       `json:"of,omitempty"`
	By      []string     `json:"by,omitempty"` // names of parameters
	Targets []string     `json:"targets,omitempty"`
}

func (e *env) tellEvent(ev *audit.Event) error {
	out := access{Seq: ev.Seq, At: ev.At.Format(time.RFC3339Nano), Actor: ev.Actor, Request: ev.RequestID, Via: ev.Via,
		Outcome: string(ev.Outcome), Code: ev.Code, Patients: ev.Patients, Steps: []interaction{}}
	for _, s := range ev.Steps {
		x := interaction{Action: s.Action, Of: s.Of, By: s.Names}
		for _, t := range s.Targets {
			x.Targets = append(x.Targets, t.String())
		}
		out.Steps = append(out.Steps, x)
	}
	if e.cli.JSON {
		return json.NewEncoder(e.stdout).Encode(out)
	}
	outcome := "ok"
	if ev.Outcome != audit.Success {
		outcome = ev.Code
	}
	_, err := fmt.Fprintf(e.stdout, "%-8d %s  %-16s  %-12s  %s\n", ev.Seq, ev.At.Format(time.RFC3339), ev.Actor, outcome, strings.TrimSpace(ev.Via+" "+brief(out.Steps)))
	return err
}

// toldMax is how many things one line names of each action.
const toldMax = 2

// brief tells steps in a line: what was done, to the first few things, and to how many.
func brief(steps []interaction) string {
	var order []audit.Action
	targets := map[audit.Action][]string{}
	for _, s := range steps {
		if _, seen := targets[s.Action]; !seen {
			order = append(order, s.Action)
			targets[s.Action] = []string{}
		}
		what := s.Targets
		if s.Action == audit.Search || len(what) == 0 {
			what = []string{s.Of}
			if len(s.By) > 0 {
				what[0] += " by " + strings.Join(s.By, ",")
			}
			if n := len(s.Targets); n > 0 {
				what[0] += fmt.Sprintf(" (%d found)", n)
			}
		}
		targets[s.Action] = append(targets[s.Action], what...)
	}
	parts := make([]string, 0, len(order))
	for _, a := range order {
		all := targets[a]
		line := string(a) + " " + strings.Join(all[:min(toldMax, len(all))], ", ")
		if more := len(all) - toldMax; more > 0 {
			line += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, strings.TrimSpace(line))
	}
	return strings.Join(parts, "; ")
}
