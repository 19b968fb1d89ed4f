package search

// IndexValue is one value of a resource under one parameter, as the store indexes it.
type IndexValue struct {
	Param  *Param
	Token  IndexToken // token
	Text   string     // string, uri: as written
	Ref    Reference  // reference
	Date   Range      // date
	Lo, Hi float64    // number, quantity: equal for a single number; infinite where open
	Unit   Unit       // quantity
	Parts  []IndexValue
}

// IndexToken is a coded value.
type IndexToken struct {
	System, Code string
}

type extractor struct{}
