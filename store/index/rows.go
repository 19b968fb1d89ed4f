package index

import (
	"bytes"
	"cmp"
	"slices"
)

// Index rows, as the tables of the drivers' schemas have them. All are values so that a batch
// of one table is one slice, sorted by key before it is written: sorted inserts into the trees
// are several times as fast.
type (
	// Token is a code: C its keyed hash, S the number of its system (0: none).
	Token struct{ P, C, S, RID int64 }
	// Reference has the target's rid, or a number below zero for what is not local.
	Reference struct{ P, Target, RID int64 }
	// Date is a span in milliseconds that begins at Lo.
	Date struct{ P, Class, Lo, Len, RID int64 }
	// Number is a number or quantity with the bounds of its precision or range; U is the number
	// of the unit, 0 for plain numbers.
	Number struct {
		P, U, Class int64
		Lo, Hi      float64
		RID         int64
	}
	// String is the folded prefix V of a text and the keyed hash H of the whole.
	String struct {
		P   int64
		V   string
		H   int64
		RID int64
	}
	// Long is the whole folded text where String holds its beginning only.
	Long struct {
		P, RID int64
		V      string
	}
	// Hashed is a keyed hash of 16 bytes, in H and K, of what is searched for being equal.
	Hashed struct{ P, H, K, RID int64 }
	// Sealed is a value as it is, sealed.
	Sealed struct {
		P, RID int64
		V      []byte
	}
	// URI stands as written.
	URI struct {
		P   int64
		V   string
		RID int64
	}
	// Composite has its first part in A and B, its second in K, Class, Lo and Hi.
	Composite struct {
		P, A, B, K, Class int64
		Lo, Hi            any // int64, float64, string, or a sealed text; Hi is int64 beside a text
		RID               int64
		Rest              []byte
	}
	// Compartment puts a resource into a patient's compartment.
	Compartment struct{ Patient, T, RID int64 }
	// Forward is a value by its resource.
	Forward struct {
		RID, P int64
		Lo, Hi any // int64, float64 or string; Hi is int64(0) beside a string
	}
)

// Rows are the index rows of one batch.
type Rows struct {
	Token       []Token
	Reference   []Reference
	Date        []Date
	Number      []Number
	Quantity    []Number
	String      []String
	Long        []Long
	Hashed      []Hashed
	Sealed      []Sealed
	URI         []URI
	Composite   []Composite
	Compartment []Compartment
	Forward     []Forward
}

// Reset empties the batch and keeps its room.
func (r *Rows) Reset() {
	*r = Rows{r.Token[:0], r.Reference[:0], r.Date[:0], r.Number[:0], r.Quantity[:0], r.String[:0], r.Long[:0],
		r.Hashed[:0], r.Sealed[:0], r.URI[:0], r.Composite[:0], r.Compartment[:0], r.Forward[:0]}
}

// Empty reports whether there are no rows.
func (r *Rows) Empty() bool { return r.Len() == 0 }

// Len is the number of rows.
func (r *Rows) Len() int {
	return len(r.Token) + len(r.Reference) + len(r.Date) + len(r.Number) + len(r.Quantity) + len(r.String) + len(r.Long) +
		len(r.Hashed) + len(r.Sealed) + len(r.URI) + len(r.Composite) + len(r.Compartment) + len(r.Forward)
}

// dateClass groups spans by the power of two of their length, so that a search for overlap
// can bound the start of what may overlap: 0 for a point, else 1 + ceil(log2(length)).
func dateClass(length int64) int64 {
	if length <= 0 {
		return 0
	}
	c := int64(1)
	for l := int64(1); l < length; l <<= 1 {
		c++
	}
	return c
}

// DateReach is the longest span of a class in milliseconds.
func DateReach(class int64) int64 {
	if class == 0 {
		return 0
	}
	return 1 << (class - 1)
}

// Sort puts the rows of each table into the order of its key, each once.
func (r *Rows) Sort() {
	r.Token = once(r.Token, func(a, b Token) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.C, b.C), cmp.Compare(a.S, b.S), cmp.Compare(a.RID, b.RID))
	})
	r.Reference = once(r.Reference, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.Target, b.Target), cmp.Compare(a.RID, b.RID))
	})
	r.Date = once(r.Date, func(a, b Date) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Len, b.Len), cmp.Compare(a.RID, b.RID))
	})
	byNumber := func(a, b Number) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.U, b.U), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Lo, b.Lo),
			cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.RID, b.RID))
	}
	r.Number, r.Quantity = once(r.Number, byNumber), once(r.Quantity, byNumber)
	r.String = once(r.String, func(a, b String) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.V, b.V), cmp.Compare(a.H, b.H), cmp.Compare(a.RID, b.RID))
	})
	r.Long = once(r.Long, func(a, b Long) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.RID, b.RID), cmp.Compare(a.V, b.V))
	})
	r.Hashed = once(r.Hashed, func(a, b Hashed) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.H, b.H), cmp.Compare(a.K, b.K), cmp.Compare(a.RID, b.RID))
	})
	r.Sealed = once(r.Sealed, func(a, b Sealed) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.RID, b.RID), bytes.Compare(a.V, b.V))
	})
	r.URI = once(r.URI, func(a, b URI) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.V, b.V), cmp.Compare(a.RID, b.RID))
	})
	r.Composite = once(r.Composite, func(a, b Composite) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B), cmp.Compare(a.K, b.K), cmp.Compare(a.Class, b.Class),
			compare(a.Lo, b.Lo), compare(a.Hi, b.Hi), cmp.Compare(a.RID, b.RID), bytes.Compare(a.Rest, b.Rest))
	})
	r.Compartment = once(r.Compartment, func(a, b Compartment) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.T, b.T), cmp.Compare(a.RID, b.RID))
	})
	r.Forward = once(r.Forward, func(a, b Forward) int {
		return cmp.Or(cmp.Compare(a.RID, b.RID), cmp.Compare(a.P, b.P), compare(a.Lo, b.Lo), compare(a.Hi, b.Hi))
	})
}

// once sorts rows and leaves out what stands there twice.
func once[R any](rows []R, order func(a, b R) int) []R {
	slices.SortFunc(rows, order)
	return slices.CompactFunc(rows, func(a, b R) bool { return order(a, b) == 0 })
}

// compare orders values of one parameter, which are of one kind.
func compare(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(a, b)
		}
	case []byte:
		if b, ok := b.([]byte); ok {
			return bytes.Compare(a, b)
		}
	}
	return 0
}
