package main

import (
	"context"
	"fmt"

	"chartlake/smart"
	"chartlake/store"
)

// retryCommand is `chartlake retry`.
type retryCommand struct {
	ID        string `arg:"" optional:"" help:"A document's id."`
	AllFailed bool   `help:"Every document that failed."`
	setting
}

func (retryCommand) Help() string {
	return "Example: chartlake retry --all-failed --data /srv/chartlake"
}

var operator = store.Actor{ID: actorID(smart.Operator()), Name: smart.Operator().Name}

func (c retryCommand) Run(e *env) error {
	if (c.ID == "") == !c.AllFailed {
		return usage("give one document's id, or --all-failed")
	}
	if err := c.existing(); err != nil {
		return err
	}
	s, err := e.newServer(e.ctx, c.setting, 1, "")
	if err != nil {
		return err
	}
	defer s.close()
	ids := []string{c.ID}
	if c.AllFailed {
		if ids, err = failedDocuments(e.ctx, s.store); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := s.pipeline.Rerun(e.ctx, operator, id); err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, id)
	}
	fmt.Fprintf(e.stderr, "%d document(s) will be run again by the process that works on this folder\n", len(ids))
	return nil
}

func failedDocuments(ctx context.Context, s store.Store) (ids []string, err error) {
	cursor := ""
	for {
		err := s.View(ctx, operator, func(v store.View) error {
			docs, next, err := v.Documents(store.DocumentQuery{States: []store.State{store.Failed}, Limit: 500, Cursor: cursor})
			for _, d := range docs {
				ids = append(ids, d.ID)
			}
			cursor = next
			return err
		})
		if err != nil || cursor == "" {
			return ids, err
		}
	}
}
