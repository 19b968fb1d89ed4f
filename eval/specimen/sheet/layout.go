package sheet

import "math/rand/v2"

// Layout is a way to set out the facts of one kind of document. Draw begins the sheets it
// needs and writes down each value as it prints it; r chooses small variations.
type Layout[F any] struct {
	Name string
	Draw func(d *Draft, facts F, r *rand.Rand)
}
