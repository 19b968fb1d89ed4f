package sqlite

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf8"

	"chartlake/search"
)

// Domains of keyed hashes: the same text under another meaning has another hash.
const (
	domainCode      = 'c' // a code of a system that tells case apart
	domainFoldCode  = 'f' // a code without regard to case
	domainOfType    = 't'
	domainExact     = 'x' // a string as written
	domainForeign   = 'r' // a reference that is not local
	domainComposite = 'p'
)

// stringPrefix is how much of a folded string stands in the index key; longer ones have a
// row in string_long for :contains and for prefixes that are longer still.
const stringPrefix = 64

// Suffixes of a parameter's code under which its second index stands.
const (
	subIdentifier = ":identifier"
	subOfType     = ":of-type"
)

// indexer turns the index values of resources into rows. It adds what numbers are missing,
// so it belongs to the writer.
type indexer struct {
	keys *keys
	add  *adder
	rid  func(resourceType, id string) (int64, error) // finds or makes the rid of a reference's target
	rows *rows
}

// resource adds the rows of one resource.
func (x *indexer) resource(rid int64, resourceType string, values []search.IndexValue) error {
	for i := range values {
		if err := x.value(rid, &values[i]); err != nil {
			return err
		}
		// Values of one parameter stand next to each other.
		if i > 0 && values[i].Param.Kind == search.KindDate && values[i].Param == values[i-1].Param {
			if err := x.add.several(x.rows.date[len(x.rows.date)-1].p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *indexer) value(rid int64, v *search.IndexValue) error {
	p, err := x.add.param(v.Param.Type, v.Param.Code)
	if err != nil {
		return err
	}
	switch v.Param.Kind {
	case search.KindToken:
		return x.token(rid, p, v)
	case search.KindReference:
		return x.reference(rid, p, v)
	case search.KindString:
		x.text(rid, p, v.Text)
	case search.KindURI:
		x.rows.uri = append(x.rows.uri, uriRow{p, v.Text, rid})
	case search.KindDate:
		length := v.Date.Hi - v.Date.Lo
		x.rows.date = append(x.rows.date, dateRow{p, dateClass(length), v.Date.Lo, length, rid})
		x.rows.forward = append(x.rows.forward, forwardRow{rid, p, v.Date.Lo, length})
	case search.KindNumber:
		lo, hi := finite(v.Lo), finite(v.Hi)
		x.rows.number = append(x.rows.number, numberRow{p, 0, numberClass(lo, hi), lo, hi, rid})
		x.rows.forward = append(x.rows.forward, forwardRow{rid, p, lo, hi})
	case search.KindQuantity:
		u, err := x.add.unit(v.Unit)
		if err != nil {
			return err
		}
		lo, hi := finite(v.Lo), finite(v.Hi)
		x.rows.quantity = append(x.rows.quantity, numberRow{p, u, numberClass(lo, hi), lo, hi, rid})
		x.rows.forward = append(x.rows.forward, forwardRow{rid, p, lo, hi})
	case search.KindComposite:
		return x.composite(rid, p, v)
	}
	return nil
}

// codeHash is how a code stands in the index.
func (k *keys) codeHash(system, code string) int64 {
	if search.CaseSensitive(system) {
		return k.hash(domainCode, code)
	}
	return k.hash(domainFoldCode, search.FoldCode(code))
}

func (x *indexer) token(rid, p int64, v *search.IndexValue) error {
	if v.OfType != (search.IndexToken{}) {
		ot, err := x.add.param(v.Param.Type, v.Param.Code+subOfType)
		if err != nil {
			return err
		}
		x.rows.token = append(x.rows.token, tokenRow{ot, x.keys.ofType(v.OfType.System, v.OfType.Code, v.Token.Code), 0, rid})
	}
	s := int64(0)
	if v.Token.System != "" {
		var err error
		if s, err = x.add.system(v.Token.System); err != nil {
			return err
		}
	}
	x.rows.token = append(x.rows.token, tokenRow{p, x.keys.codeHash(v.Token.System, v.Token.Code), s, rid})
	return nil
}

func (k *keys) ofType(system, code, value string) int64 {
	return k.hash(domainOfType, system, search.FoldCode(code), search.FoldCode(value))
}

func (x *indexer) reference(rid, p int64, v *search.IndexValue) error {
	if v.Token.Code != "" || v.Token.System != "" {
		sub, err := x.add.param(v.Param.Type, v.Param.Code+subIdentifier)
		if err != nil {
			return err
		}
		s := int64(0)
		if v.Token.System != "" {
			if s, err = x.add.system(v.Token.System); err != nil {
				return err
			}
		}
		x.rows.token = append(x.rows.token, tokenRow{sub, x.keys.codeHash(v.Token.System, v.Token.Code), s, rid})
	}
	target, ok, err := x.target(v.Ref)
	if err != nil || !ok {
		return err
	}
	x.rows.reference = append(x.rows.reference, referenceRow{p, target, rid})
	if v.Ref.URL != "" && v.Ref.Version != "" {
		x.rows.reference = append(x.rows.reference, referenceRow{p, x.keys.foreign(v.Ref), rid})
	}
	return nil
}

// target is the number that stands for what a reference points to, without a canonical's version.
func (x *indexer) target(r search.Reference) (int64, bool, error) {
	switch {
	case r.URL != "":
		return x.keys.foreign(search.Reference{URL: r.URL}), true, nil
	case r.Type != "" && r.ID != "":
		rid, err := x.rid(r.Type, r.ID)
		return rid, err == nil, err
	}
	return 0, false, nil
}

// foreign is the number, below zero, of a reference that is not local.
func (k *keys) foreign(r search.Reference) int64 {
	text := r.URL
	if r.Version != "" {
		text += "|" + r.Version
	}
	return -(k.hash(domainForeign, text) & math.MaxInt64 >> 1) - 1
}

func (x *indexer) text(rid, p int64, text string) {
	v, long := stringKey(text)
	x.rows.str = append(x.rows.str, stringRow{p, v, x.keys.hash(domainExact, text), rid})
	x.rows.forward = append(x.rows.forward, forwardRow{rid, p, v, int64(0)})
	if long != "" {
		x.rows.long = append(x.rows.long, longRow{p, rid, long})
	}
}

// stringKey is the folded prefix of a text, and the whole folded text where it is longer.
func stringKey(text string) (prefix, long string) {
	v := search.Fold(text)
	if len(v) <= stringPrefix {
		return v, ""
	}
	return cut(v, stringPrefix), cut(v, search.MaxText)
}

// cut shortens to at most n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// open ends of numbers, finite so that SQLite keeps them as numbers.
const openEnd = 1e300

func finite(f float64) float64 { return math.Max(-openEnd, math.Min(openEnd, f)) }

// numberClass is 0 for a single number, else 2000 + the power of two that the length is below.
func numberClass(lo, hi float64) int64 {
	if lo == hi {
		return 0
	}
	_, exp := math.Frexp(hi - lo)
	return 2000 + int64(exp)
}

func numberReach(class int64) float64 {
	if class == 0 {
		return 0
	}
	return math.Ldexp(1, int(class-2000))
}

// composite writes one row: the first part in a and b, the second in k, class, lo, hi, a
// third number in rest.
func (x *indexer) composite(rid, p int64, v *search.IndexValue) error {
	if len(v.Parts) < 2 || len(v.Parts) > 3 {
		return nil
	}
	row := compositeRow{p: p, rid: rid, lo: int64(0), hi: int64(0), rest: []byte{}}
	var err error
	if row.a, row.b, err = x.discrete(&v.Parts[0]); err != nil {
		return err
	}
	second := &v.Parts[1]
	switch second.Param.Kind {
	case search.KindDate:
		length := second.Date.Hi - second.Date.Lo
		row.class, row.lo, row.hi = dateClass(length), second.Date.Lo, length
	case search.KindNumber, search.KindQuantity:
		lo, hi := finite(second.Lo), finite(second.Hi)
		row.class, row.lo, row.hi = numberClass(lo, hi), lo, hi
		if second.Param.Kind == search.KindQuantity {
			if row.k, err = x.add.unit(second.Unit); err != nil {
				return err
			}
		}
	case search.KindString:
		row.lo, _ = stringKey(second.Text)
	default:
		var b int64
		if row.k, b, err = x.discrete(second); err != nil {
			return err
		}
		row.lo = b
	}
	if len(v.Parts) == 3 {
		row.rest = ordered(v.Parts[2].Lo)
	}
	x.rows.composite = append(x.rows.composite, row)
	return nil
}

// discrete gives a part that is compared by equality as two numbers.
func (x *indexer) discrete(v *search.IndexValue) (a, b int64, err error) {
	switch v.Param.Kind {
	case search.KindToken:
		if v.Token.System != "" {
			b, err = x.add.system(v.Token.System)
		}
		return x.keys.codeHash(v.Token.System, v.Token.Code), b, err
	case search.KindReference:
		a, _, err = x.target(v.Ref)
		return a, 0, err
	}
	return x.keys.hash(domainComposite, strings.ToLower(v.Text)), 0, nil
}

// ordered gives 8 bytes that sort as the number does.
func ordered(f float64) []byte {
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(nil, bits)
}
