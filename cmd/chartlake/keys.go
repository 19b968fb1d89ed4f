package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"chartlake/envelope"
	"chartlake/store/seal"
)

// keysCommand is `chartlake keys`.
type keysCommand struct {
	List   keysList   `cmd:"" help:"Master keys, and how many data keys are under each."`
	Rotate keysRotate `cmd:"" help:"A new master key for all data keys, while serve goes on; the old one opens nothing any more."`
}

type keysList struct{ dataFolder }

func (keysList) Help() string { return "Example: chartlake keys list --data /srv/chartlake" }

// masterLine is a master key as it is listed; the key itself is never shown.
type masterLine struct {
	ID       uint32 `json:"id"`
	Made     string `json:"made,omitempty"`
	Current  bool   `json:"current"`
	DataKeys int64  `json:"data_keys"`
}

func (c keysList) Run(e *env) error {
	s, err := c.openExisting(e.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return e.listKeys(s.Vault())
}

func (e *env) listKeys(v *envelope.Vault) error {
	masters, err := v.Masters()
	if err != nil {
		return err
	}
	count, err := v.Count()
	if err != nil {
		return err
	}
	list := []masterLine{}
	for i, m := range masters {
		line := masterLine{ID: m.ID, Current: i == len(masters)-1, DataKeys: count[m.ID]}
		if !m.Made.IsZero() {
			line.Made = m.Made.UTC().Format(time.RFC3339)
		}
		list = append(list, line)
	}
	if e.cli.JSON {
		return e.writeJSON(map[string]any{"masters": list})
	}
	for _, m := range list {
		made, state := "before there were dates", "current"
		if m.Made != "" {
			made = m.Made
		}
		if !m.Current {
			state = "being replaced: run keys rotate again"
		}
		fmt.Fprintf(e.stdout, "master key %d  made %s  %d data keys  %s\n", m.ID, made, m.DataKeys, state)
	}
	return nil
}

type keysRotate struct{ dataFolder }

func (keysRotate) Help() string {
	return "Example: chartlake keys rotate --data /srv/chartlake\n\nIt may be cut at any point: run again, it goes on. Keep a new copy of " +
		seal.MasterFile + " afterwards, and throw the old one away."
}

func (c keysRotate) Run(e *env) error {
	s, err := c.openExisting(e.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	bar := e.progress("data keys")
	_, err = s.Vault().Rotate(e.ctx, time.Now(), func(int64) { bar.step(-1) })
	bar.done()
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "chartlake: keep a new copy of %s away from the backups, and a new copy of %s (backup --keys DIR); throw the old copies away\n",
		seal.MasterFile, seal.DataFile)
	return e.listKeys(s.Vault())
}

// tend ends what a crash or an older version left: erasures, originals in clear, a rotation that was cut.
func (s *server) tend(ctx context.Context, group *sync.WaitGroup) {
	group.Go(func() { s.finishErasures(ctx) })
	group.Go(func() {
		if n, err := s.blobs.SealPlain(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("originals could not be sealed", "code", faultCode(err))
		} else if n > 0 {
			s.log.Info("originals of an older version were sealed", "count", n)
		}
		if _, err := s.store.Vault().Resume(ctx, nil); err != nil && ctx.Err() == nil {
			s.log.Error("a rotation of keys could not be ended", "code", faultCode(err))
		}
	})
}
