package search

// Supported says what this search can do; the CapabilityStatement and the parser read it,
// so that what is declared is what is accepted.
type Supported struct {
	modifiers map[Kind][]Modifier
	prefixes  map[Kind][]Prefix
}

var ordered = []Prefix{EQ, NE, GT, LT, GE, LE, SA, EB, AP}

// Support is what is supported. Not yet: _filter, _list, _query, near,
// _contained other than false.
var Support = Supported{
	modifiers: map[Kind][]Modifier{
		KindToken:     {Missing, Not, Text, OfType, In, NotIn, Above, Below},
		KindString:    {Missing, Exact, Contains},
		KindDate:      {Missing},
		KindReference: {Missing, Identifier, TypeIs, Above, Below},
		KindQuantity:  {Missing},
		KindNumber:    {Missing},
		KindURI:       {Missing, Above, Below},
		KindComposite: {Missing},
	},
	prefixes: map[Kind][]Prefix{KindDate: ordered, KindNumber: ordered, KindQuantity: ordered},
}

// Modifiers lists the modifiers that work on parameters of a kind.
func (s Supported) Modifiers(k Kind) []Modifier { return s.modifiers[k] }

// Prefixes lists the prefixes that work on parameters of a kind.
func (s Supported) Prefixes(k Kind) []Prefix { return s.prefixes[k] }

// Sortable reports whether _sort takes parameters of a kind. Composites have no order.
func (s Supported) Sortable(k Kind) bool { return k != KindComposite && k != KindSpecial }

// Ordered reports whether the index has the values of a kind in an order. Tokens, references
// and uris stand there as hashes and numbers: to sort by them the matches are read.
func (s Supported) Ordered(k Kind) bool {
	switch k {
	case KindDate, KindString, KindNumber, KindQuantity:
		return true
	}
	return false
}
