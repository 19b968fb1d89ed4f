// Package patch changes resources by JSON Patch (RFC 6902) and by FHIRPath Patch
// (http://hl7.org/fhir/R4/fhirpatch.html). A patch is parsed once and applied to as many
// resources as wanted; applying never changes the resource that it is given, and either all
// operations succeed or there is no result. Members keep their order and decimals their
// digits. Whether the result is a valid resource is package validate's question.
//
// It refuses patches with more than MaxOperations operations and those whose copies make a
// resource grow beyond MaxNodes. Faults have the codes patch_syntax (the patch itself is
// wrong, kind Invalid), patch_target (it does not fit the resource, kind Invalid), patch_test
// (a test operation does not hold, kind Conflict) and patch_limit (kind TooLarge). Their text names
// the operation by its number, never a value.
package patch

import (
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
)

// Limits of one patch. MaxNodes is above what the largest body that the API takes can hold
// in real life (6 MB of Synthea have 270,000 nodes) and bounds what copies may double.
const (
	MaxOperations = 1000
	MaxNodes      = 1_000_000
)

// Patch is a parsed patch. It may be applied by many goroutines.
type Patch struct {
	operations []operation
}

// operation changes a tree that it owns.
type operation interface {
	apply(t *tree) error
}

// tree is the resource under change.
type tree struct {
	root  *fhir.Node
	added int // nodes that operations put in
}

// Len is the number of operations.
func (p *Patch) Len() int { return len(p.operations) }

// Apply gives the patched copy of a resource (or any JSON value for a JSON Patch).
func (p *Patch) Apply(n *fhir.Node) (*fhir.Node, error) {
	t := &tree{root: n.Clone(), added: size(n)}
	for i, o := range p.operations {
		if err := o.apply(t); err != nil {
			return nil, numbered(err, i)
		}
	}
	return t.root, nil
}

// grow counts what an operation adds.
func (t *tree) grow(n *fhir.Node) error {
	if t.added += size(n); t.added > MaxNodes {
		return fault.New(fault.TooLarge, "patch_limit", "the patched resource has more than %d nodes", MaxNodes)
	}
	return nil
}

func size(n *fhir.Node) int {
	count := 0
	n.Walk(func(*fhir.Node) bool {
		count++
		return true
	})
	return count
}

func numbered(err error, i int) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	c := *f
	c.Message = "operation " + strconv.Itoa(i+1) + ": " + f.Message
	return &c
}

func syntax(format string, args ...any) error {
	return fault.New(fault.Invalid, "patch_syntax", format, args...)
}

func target(format string, args ...any) error {
	return fault.New(fault.Invalid, "patch_target", format, args...)
}

func tooMany(n int) error {
	if n > MaxOperations {
		return fault.New(fault.TooLarge, "patch_limit", "the patch has %d operations, %d are allowed", n, MaxOperations)
	}
	return nil
}
