// Package smart says who a caller is and answers the one question of every handler: may
// they? Today a caller is the person at this machine (loopback) or the bearer of the
// server's token; OAuth 2 and SMART scopes give finer answers to the same question.
//
// It refuses by default: no handler is reached without a Caller in the request's context.
package smart

import (
	"context"

	"chartlake/fault"
)

// Action is what somebody wants to do.
type Action string

const (
	Read   Action = "read"   // see documents, records, resources
	Write  Action = "write"  // change FHIR resources
	Upload Action = "upload" // bring documents in
	Review Action = "review" // settle what is doubtful
	Export Action = "export" // take data out in bulk
	Manage Action = "manage" // retry, check, metrics
	Audit  Action = "audit"  // see who did what to whose data
)

// Caller is somebody who was identified.
type Caller struct {
	ID       string // "local", "token"
	Name     string
	Actions  map[Action]bool
	Patients []string // nil: all patients
}

// everything is what the owner of the machine or of the server's token may do.
var everything = map[Action]bool{Read: true, Write: true, Upload: true, Review: true, Export: true, Manage: true, Audit: true}

// May answers whether the caller of a request may do this; kind names the resource type or
// the part of the service. The error is a fault: Unauthenticated without a caller, Forbidden
// for one who may not.
func May(ctx context.Context, action Action, kind string) error {
	c, ok := From(ctx)
	if !ok {
		return fault.New(fault.Unauthenticated, "unauthenticated", "no caller is known for this request")
	}
	if !c.Actions[action] {
		return fault.New(fault.Forbidden, "forbidden", "%s may not %s %s", c.ID, action, kind)
	}
	return nil
}

type key struct{}

// With puts a caller into a context.
func With(ctx context.Context, c Caller) context.Context { return context.WithValue(ctx, key{}, c) }

// From gives the caller of a context.
func From(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(key{}).(Caller)
	return c, ok
}
