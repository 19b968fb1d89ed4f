package matching

import (
	"context"
	"math/rand/v2"

	"chartlake/identity"
	"chartlake/pipeline"
	"chartlake/store"
	"chartlake/store/sqlite"
)

// Options says what is measured.
type Options struct {
	Seed      uint64
	Patients  int     // registered
	Documents int     // that arrive
	Namesakes float64 // share of people with a namesake of the same birth date; see Namesakes
	Folder    string  // of the store; empty folder
	Pairs     string  // where not empty: register.csv and arrivals.csv are written here, for a peer
	Done      func(done, of int)
}

var registrar = store.Actor{ID: "system:eval", Name: "Matching evaluation"}

const registeredAtOnce = 500 // resources of one transaction

// Run registers people in a new store, lets documents arrive and counts what is decided.
// Nothing that arrives changes the register.
func Run(ctx context.Context, o Options) (*Report, error) {
	everybody := populate(rand.New(rand.NewPCG(o.Seed, 1)), o.Patients, o.Namesakes).people
	rng := rand.New(rand.NewPCG(o.Seed, 2))
	arrivals := make([]*arrival, o.Documents)
	for i := range arrivals {
		arrivals[i] = arrive(rng, everybody)
	}
	if o.Pairs != "" {
		if err := writePairs(o.Pairs, everybody, arrivals); err != nil {
			return nil, err
		}
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Folder: o.Folder, Unsynced: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := register(ctx, db, everybody); err != nil {
		return nil, err
	}
	r := newReport(everybody)
	err = db.View(ctx, registrar, func(v store.View) error {
		for i, a := range arrivals {
			if err := ctx.Err(); err != nil {
				return err
			}
			person := identity.FromSegment(a.segment())
			var asked []store.Command
			candidates, err := pipeline.KnownIn(v, &asked)(person)
			if err != nil {
				return err
			}
			r.count(a, identity.Decide(person, candidates))
			if o.Done != nil {
				o.Done(i+1, len(arrivals))
			}
		}
		return nil
	})
	return r, err
}

func register(ctx context.Context, db *sqlite.Store, everybody []*person) error {
	var batch []store.Command
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := db.Transact(ctx, registrar, batch)
		batch = nil
		return err
	}
	for _, who := range everybody {
		if !who.registered {
			continue
		}
		batch = append(batch, store.Update{Resource: who.resource()})
		if len(batch) == registeredAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
