package search

import "time"

// Query is a checked search. Filters are all required (AND); the Values of one Filter are
// alternatives (OR).
type Query struct {
	// Type is the resource type; empty for a search of the whole system, where Types lists
	// the types asked for by _type (empty: all).
	Type    string
	Types   []string
	Filters []Filter
	Sort    []SortKey
	Count   int // matches on a page; 0 with CountSet: only the total
	// CountSet tells _count=0 apart from no _count.
	CountSet   bool
	Cursor     string // opaque, from SearchPage.Next
	Total      Total
	Summary    string // "", true, text, data, count, false
	Elements   []string
	Include    []Include
	RevInclude []Include
	// Hidden are types that _include and _revinclude do not bring along.
	Hidden  []string
	Explain bool   // the plan is wanted, too
	Used    []Pair // parameters that were understood, in order, for the self link
	Ignored []Pair // parameters left out under lenient handling
	Now     time.Time

	UnknownElements []string // names of _elements that show nothing
}

// Total says whether the number of all matches is wanted.
type Total uint8

const (
	TotalNone Total = iota
	TotalAccurate
)

// SortKey is one key of _sort. Param is nil for _id and _lastUpdated, which Code names.
type SortKey struct {
	Code  string
	Param *Param
	Desc  bool
}

// Include is one _include or _revinclude: resources that Source's parameter refers to, or
// that refer by it. Param nil stands for * (every reference parameter of Source).
type Include struct {
	Source  string // resource type that holds the reference; "" any
	Param   *Param
	Target  string // restricts the type referred to; "" any
	Iterate bool
}

// Modifier is what follows the colon of a parameter name.
type Modifier string

const (
	NoModifier Modifier = ""
	Missing    Modifier = "missing"
	Exact      Modifier = "exact"
	Contains   Modifier = "contains"
	Not        Modifier = "not"
	Text       Modifier = "text"
	In         Modifier = "in"
	NotIn      Modifier = "not-in"
	Below      Modifier = "below"
	Above      Modifier = "above"
	Identifier Modifier = "identifier"
	OfType     Modifier = "of-type"
	TypeIs     Modifier = "[type]" // reference: Filter.Target holds the type
)

// Excludes reports whether the modifier asks for resources that lack every value.
func (m Modifier) Excludes() bool { return m == Not || m == NotIn }

// Filter is one parameter of a query.
type Filter struct {
	Code     string // name as asked for, without modifier: for messages and plans
	Param    *Param // nil for _id and _lastUpdated (Code) and for _has
	Modifier Modifier
	// Target is the type of a reference restricted by :Type.
	Target string
	Values []Value
	// Missing is the value of :missing.
	Missing bool
	// Chain, where set, searches the resources that Param refers to. One Filter per target
	// type that knows the parameter: alternatives.
	Chain []Link
	// Has, where set, is _has: resources of Has.Type that refer to this one by Has.Param.
	Has *Has
	// Any, where set, is fulfilled by a resource of a link's Type that fulfils the link's
	// Filter (the parameters of a compartment). A type without a link has no match.
	Any []Link
}

// Link is one alternative of a chain, or of Any: the type and what must hold there.
type Link struct {
	Type   string
	Filter Filter
}

// Has is a reverse chain.
type Has struct {
	Type   string
	Param  *Param
	Filter Filter
}

// Prefix is the comparison of an ordered value.
type Prefix string

const (
	EQ Prefix = "eq"
	NE Prefix = "ne"
	GT Prefix = "gt"
	LT Prefix = "lt"
	GE Prefix = "ge"
	LE Prefix = "le"
	SA Prefix = "sa"
	EB Prefix = "eb"
	AP Prefix = "ap"
)

// Value is one alternative of a filter. Which fields count follows from the parameter's
// Kind; Text always holds the unescaped text of strings, uris and ids.
type Value struct {
	Prefix Prefix
	Text   string
	Token  Token
	Ref    Reference
	Date   Range  // date
	Number Bounds // number and quantity
	Unit   Unit   // quantity; the zero Unit is any
	Words  *Words // _text and _content
	// Parts are the components of a composite, one per Param.Components.
	Parts []Value
}

// Token is system and code as asked for. HasSystem with an empty System is `|code`: no system.
type Token struct {
	System    string
	Code      string
	HasSystem bool
	HasCode   bool
	// TypeSystem and TypeCode are the identifier's type for :of-type.
	TypeSystem, TypeCode string
}

// Reference is a reference as written: a literal in parts, a URL, or a canonical.
type Reference struct {
	Type, ID string // local: Type may be empty when only an id was given
	Version  string // of a versioned or canonical reference; "" any
	URL      string // anything that is not local: foreign absolute, urn:, canonical without version
}

// Local reports whether the reference is to a resource of this server.
func (r Reference) Local() bool { return r.ID != "" && r.URL == "" }

// Unit is a quantity's unit. In a query Text is set when only a code without a system was
// given (value||code), and then matches the code or the printed unit.
type Unit struct {
	System, Code, Text string
}

// Any reports whether the unit is unrestricted.
func (u Unit) Any() bool { return u == Unit{} }
