package eval

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"chartlake/fault"
)

// fill imports made-up Observations of the known patients, of codes as often as they occur and
// days of 25 years, until there are as many as were asked for; it gives how many it made.
func (o FHIROptions) fill(ctx context.Context, t *target, f *facts) (int, error) {
	if t.pid == 0 {
		return 0, fault.New(fault.Invalid, "bench_fill", "Observations are not made up for another server; leave them or the peers out")
	}
	r := rand.New(rand.NewPCG(seed, 2))
	var body bytes.Buffer
	missing := o.Observations - len(f.observations)
	for i := range missing {
		category := one([]string{"laboratory", "vital-signs"}, r)
		fmt.Fprintf(&body, `{"resourceType":"Observation","id":"bench-%d","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":%q}]}],`+
			`"code":{"coding":[{"system":"http://loinc.org","code":%q}]},"subject":{"reference":"Patient/%s"},"effectiveDateTime":"%d-%02d-%02dT%02d:00:00Z",`+
			`"valueQuantity":{"value":%.1f,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}`+"\n",
			i, category, one(f.codes, r), one(f.patients, r), 1995+r.IntN(25), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), 1+200*r.Float64())
	}
	done, err := t.load(ctx, body.Bytes())
	if err == nil && done.Resources != missing {
		err = fault.New(fault.Internal, "bench_fill", "%d of %d Observations were taken", done.Resources, missing)
	}
	return missing, err
}
