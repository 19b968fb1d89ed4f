package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is where every commit is told to the other processes, so that live pages of one show
// what the workers of another do. The payload is the schema's number and the process's name.
const channel = "chartlake"

// listenAgain is how long a lost listener waits before it connects again.
const listenAgain = 2 * time.Second

// listen tells this process of the commits of others until ctx ends. What was missed while
// the connection was lost is made up for by one announcement.
func (s *Store) listen(ctx context.Context) error {
	for {
		err := s.listenOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && s.core.Logger != nil {
			s.core.Logger.Warn("listen for commits of other processes", "error", pgFault(err))
		}
		select {
		case <-time.After(listenAgain):
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Store) listenOnce(ctx context.Context) error {
	c, err := pgx.ConnectConfig(ctx, s.conns.Copy())
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	s.core.Announce()
	for {
		n, err := c.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if schema, process, ok := strings.Cut(n.Payload, " "); ok && schema == s.schema && process != s.process {
			s.core.Announce()
		}
	}
}
