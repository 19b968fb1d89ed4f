//go:build !linux

package pdf

import "context"

// mapped leaves the memory of instances in Go's heap.
func mapped(ctx context.Context) context.Context { return ctx }
