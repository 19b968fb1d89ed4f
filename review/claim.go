package review

import (
	"context"
	"time"

	"chartlake/fault"
	"chartlake/store"
)

// ClaimTime is how long a claim lasts after the last sign of its owner.
const ClaimTime = 5 * time.Minute

// claimKind is the kind of task that a claim is kept as, under the document's id: its code says
// who has it, since a task's owner never changes.
const claimKind = "claim"

// forgotten is how many claims that are over one claim sweeps away.
const forgotten = 20

// Claim says who works on a document, and until when if nothing more is heard of them.
type Claim struct {
	Who   string    `json:"who"`
	Until time.Time `json:"until"`
}

// Claim marks a document as one that the actor works on, or says again that they do. Where somebody
// else does it is a Conflict (claimed), unless take is set: then it is theirs no longer. A claim
// keeps others from starting; that nobody overwrites what they have not seen holds without it.
func (d *Desk) Claim(ctx context.Context, actor store.Actor, document string, take bool) (*Claim, error) {
	p := d.Pipeline
	now := p.Now().UTC()
	claim := &Claim{Who: actor.ID, Until: now.Add(ClaimTime)}
	var steps []store.Command
	err := p.Store.View(ctx, actor, func(v store.View) error {
		if _, err := v.Document(document); err != nil {
			return err
		}
		tasks, err := v.Tasks()
		steps = claim.steps(tasks, document, now, take)
		return err
	})
	if err == nil {
		_, err = p.Store.Transact(ctx, actor, steps)
	}
	if err != nil {
		return nil, err
	}
	return claim, nil
}

// steps makes the claim, and forgets others that are long over. Who has it is decided inside the
// transaction; a row that two make at once is refused to one of them by its id.
func (c *Claim) steps(tasks []store.Task, document string, now time.Time, take bool) []store.Command {
	var steps []store.Command
	known := false
	for _, t := range tasks {
		switch {
		case t.Kind != claimKind:
		case t.ID == document:
			known = true
		case t.Ends.Before(now) && len(steps) < forgotten:
			steps = append(steps, store.DropTask{ID: t.ID})
		}
	}
	if !known {
		return append(steps, store.PutTask{Task: store.Task{ID: document, Kind: claimKind, Owner: store.Actor{ID: c.Who}, Code: c.Who,
			State: store.TaskRunning, Ends: c.Until}})
	}
	return append(steps, store.ChangeTask{ID: document, Modify: func(t *store.Task, _ store.Moment) error {
		if !take && t.Code != c.Who && now.Before(t.Ends) {
			return Claimed()
		}
		t.Code, t.Ends = c.Who, c.Until
		return nil
	}})
}

// Claimed is the fault of who comes to a document that somebody else works on.
func Claimed() error {
	return fault.New(fault.Conflict, "claimed", "somebody else works on this document; take it over, or wait until they have left it")
}

// Release gives a document back that the actor has claimed; one of others, or of nobody, stays as it is.
func (d *Desk) Release(ctx context.Context, actor store.Actor, document string) error {
	claims, err := d.claims(ctx, actor)
	if err != nil || claims[document].Who != actor.ID {
		return err
	}
	_, err = d.Pipeline.Store.Transact(ctx, actor, []store.Command{store.DropTask{ID: document}})
	return err
}

func (d *Desk) claims(ctx context.Context, actor store.Actor) (claims map[string]Claim, err error) {
	err = d.Pipeline.Store.View(ctx, actor, func(v store.View) (err error) {
		claims, err = Claims(v, d.Pipeline.Now())
		return err
	})
	return claims, err
}

// Claims gives the claims that hold now, by document.
func Claims(v store.Tasks, now time.Time) (map[string]Claim, error) {
	tasks, err := v.Tasks()
	if err != nil {
		return nil, err
	}
	out := map[string]Claim{}
	for _, t := range tasks {
		if t.Kind == claimKind && now.Before(t.Ends) {
			out[t.ID] = Claim{Who: t.Code, Until: t.Ends}
		}
	}
	return out, nil
}
