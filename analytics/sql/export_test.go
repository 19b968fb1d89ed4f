package sql

import (
	"context"
	"time"
)

// AskWithin is Ask within other bounds of time and memory.
func AskWithin(ctx context.Context, tables []Table, query string, time time.Duration, memory int) (*Answer, error) {
	return ask(ctx, tables, query, bounds{time: time, memory: memory})
}
