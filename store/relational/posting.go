package relational

import (
	"math"

	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// posting is one row of any index table, in a form that can be compared and hashed.
type posting struct {
	table  table
	kind   kind // of lo and hi
	rid    int64
	n      [5]int64 // the other whole numbers, in the order of the table's columns
	lo, hi int64    // whole numbers, or the bits of numbers
	text   string   // a text or what is sealed, also as lo
	rest   string   // of a composite
}

type table uint8

const (
	tableToken table = iota
	tableReference
	tableDate
	tableNumber
	tableQuantity
	tableString
	tableLong
	tableURI
	tableComposite
	tableCompartment
	tableForward
	tableHashed
	tableSealed
)

type kind uint8

const (
	kindWhole kind = iota
	kindNumber
	kindText
	kindSealed
)

// source is where the rows of an index table stand and how one is read.
type source struct {
	table string
	sql   string // ends where a condition on rid goes
	read  func(db.Row) posting
}

// bits gives equal numbers equal bits: a database may not keep the sign of zero.
func bits(f float64) int64 { return int64(math.Float64bits(f + 0)) }

// bounds sets lo and hi from values of any kind.
func (e *posting) bounds(lo, hi any) {
	switch l := lo.(type) {
	case int64:
		e.lo = l
	case float64:
		e.kind, e.lo = kindNumber, bits(l)
	case string:
		e.kind, e.text = kindText, l
	case []byte:
		e.kind, e.text = kindSealed, string(l)
	}
	switch h := hi.(type) {
	case int64:
		e.hi = h
	case float64:
		e.hi = bits(h)
	}
}

// values is the way back of bounds.
func (e *posting) values() (lo, hi any) {
	switch e.kind {
	case kindNumber:
		return math.Float64frombits(uint64(e.lo)), math.Float64frombits(uint64(e.hi))
	case kindText:
		return e.text, e.hi
	case kindSealed:
		return []byte(e.text), e.hi
	}
	return e.lo, e.hi
}

// sources lists the index tables of a database.
func sources(c db.Conn) []source {
	ints := func(t table, name, columns string, count int) source {
		return source{name, `SELECT rid, ` + columns + ` FROM ` + name, func(r db.Row) posting {
			e := posting{table: t, rid: r.Int(0)}
			for i := range count {
				e.n[i] = r.Int(i + 1)
			}
			return e
		}}
	}
	texts := func(t table, name, columns string, count int) source {
		s := ints(t, name, columns, count)
		read := s.read
		s.read = func(r db.Row) posting {
			e := read(r)
			e.text = r.Text(count + 1)
			return e
		}
		return s
	}
	numbers := func(t table, name, columns string, count int) source {
		s := ints(t, name, columns, count)
		read := s.read
		s.read = func(r db.Row) posting {
			e := read(r)
			e.bounds(r.Float(count+1), r.Float(count+2))
			return e
		}
		return s
	}
	list := []source{
		ints(tableToken, "token", "p, c, s", 3),
		ints(tableReference, "reference", "p, target", 2),
		ints(tableDate, "date", "p, class, lo, len", 4),
		numbers(tableNumber, "number", "p, class, lo, hi", 2),
		numbers(tableQuantity, "quantity", "p, u, class, lo, hi", 3),
		texts(tableURI, "uri", "p, v", 1),
		ints(tableCompartment, "compartment", "patient, type", 2),
	}
	if c.SealsPages() {
		list = append(list, texts(tableString, "string", "p, h, v", 2), texts(tableLong, "string_long", "p, v", 1))
	} else {
		list = append(list, ints(tableHashed, "hashed", "p, h, k", 3), texts(tableSealed, "sealed", "p, v", 1))
	}
	seen := map[string]bool{}
	for _, k := range []search.Kind{search.KindDate, search.KindNumber, search.KindString} {
		forward, composite := c.Table("forward", k), c.Table("composite", k)
		if seen[composite] {
			continue
		}
		seen[composite] = true
		if k != search.KindString { // texts stand with numbers, or sealed
			list = append(list, source{forward, `SELECT rid, p, lo, hi FROM ` + forward, func(r db.Row) posting {
				e := posting{table: tableForward, rid: r.Int(0), n: [5]int64{r.Int(1)}}
				e.bounds(r.Value(2), r.Value(3))
				return e
			}})
		}
		list = append(list, source{composite, `SELECT rid, p, a, b, k, class, lo, hi, rest FROM ` + composite, func(r db.Row) posting {
			e := posting{table: tableComposite, rid: r.Int(0), n: [5]int64{r.Int(1), r.Int(2), r.Int(3), r.Int(4), r.Int(5)}, rest: string(r.Bytes(8))}
			e.bounds(r.Value(6), r.Value(7))
			return e
		}})
	}
	return list
}

// postings gives the rows of a batch, each once.
func postings(r *index.Rows) (list []posting) {
	r.Sort()
	add := func(t table, rid int64, n ...int64) *posting {
		e := posting{table: t, rid: rid}
		copy(e.n[:], n)
		list = append(list, e)
		return &list[len(list)-1]
	}
	for _, x := range r.Token {
		add(tableToken, x.RID, x.P, x.C, x.S)
	}
	for _, x := range r.Reference {
		add(tableReference, x.RID, x.P, x.Target)
	}
	for _, x := range r.Date {
		add(tableDate, x.RID, x.P, x.Class, x.Lo, x.Len)
	}
	for _, x := range r.Number {
		add(tableNumber, x.RID, x.P, x.Class).bounds(x.Lo, x.Hi)
	}
	for _, x := range r.Quantity {
		add(tableQuantity, x.RID, x.P, x.U, x.Class).bounds(x.Lo, x.Hi)
	}
	for _, x := range r.String {
		add(tableString, x.RID, x.P, x.H).text = x.V
	}
	for _, x := range r.Long {
		add(tableLong, x.RID, x.P).text = x.V
	}
	for _, x := range r.Hashed {
		add(tableHashed, x.RID, x.P, x.H, x.K)
	}
	for _, x := range r.Sealed {
		add(tableSealed, x.RID, x.P).text = string(x.V)
	}
	for _, x := range r.URI {
		add(tableURI, x.RID, x.P).text = x.V
	}
	for _, x := range r.Composite {
		e := add(tableComposite, x.RID, x.P, x.A, x.B, x.K, x.Class)
		e.bounds(x.Lo, x.Hi)
		e.rest = string(x.Rest)
	}
	for _, x := range r.Compartment {
		add(tableCompartment, x.RID, x.Patient, x.T)
	}
	for _, x := range r.Forward {
		add(tableForward, x.RID, x.P).bounds(x.Lo, x.Hi)
	}
	return list
}

// rowsOf is the way back of postings.
func rowsOf(list []posting) *index.Rows {
	r := &index.Rows{}
	for i := range list {
		e := &list[i]
		n := e.n
		lo, hi := e.values()
		switch e.table {
		case tableToken:
			r.Token = append(r.Token, index.Token{P: n[0], C: n[1], S: n[2], RID: e.rid})
		case tableReference:
			r.Reference = append(r.Reference, index.Reference{P: n[0], Target: n[1], RID: e.rid})
		case tableDate:
			r.Date = append(r.Date, index.Date{P: n[0], Class: n[1], Lo: n[2], Len: n[3], RID: e.rid})
		case tableNumber:
			r.Number = append(r.Number, index.Number{P: n[0], Class: n[1], Lo: lo.(float64), Hi: hi.(float64), RID: e.rid})
		case tableQuantity:
			r.Quantity = append(r.Quantity, index.Number{P: n[0], U: n[1], Class: n[2], Lo: lo.(float64), Hi: hi.(float64), RID: e.rid})
		case tableString:
			r.String = append(r.String, index.String{P: n[0], H: n[1], V: e.text, RID: e.rid})
		case tableLong:
			r.Long = append(r.Long, index.Long{P: n[0], RID: e.rid, V: e.text})
		case tableHashed:
			r.Hashed = append(r.Hashed, index.Hashed{P: n[0], H: n[1], K: n[2], RID: e.rid})
		case tableSealed:
			r.Sealed = append(r.Sealed, index.Sealed{P: n[0], RID: e.rid, V: []byte(e.text)})
		case tableURI:
			r.URI = append(r.URI, index.URI{P: n[0], V: e.text, RID: e.rid})
		case tableComposite:
			r.Composite = append(r.Composite, index.Composite{P: n[0], A: n[1], B: n[2], K: n[3], Class: n[4], Lo: lo, Hi: hi, RID: e.rid, Rest: []byte(e.rest)})
		case tableCompartment:
			r.Compartment = append(r.Compartment, index.Compartment{Patient: n[0], T: n[1], RID: e.rid})
		case tableForward:
			r.Forward = append(r.Forward, index.Forward{RID: e.rid, P: n[0], Lo: lo, Hi: hi})
		}
	}
	return r
}
