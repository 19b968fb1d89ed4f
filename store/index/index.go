// Package index turns the search values of resources into the rows of a store's index: one
// kind of row per search type, with small numbers for names and keyed hashes for codes and
// identifiers. The layout and its reasons are in ../DESIGN.md.
package index

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"chartlake/search"
	"chartlake/store/seal"
)

// Domains of keyed hashes: the same text under another meaning has another hash.
const (
	domainCode      = 'c' // a code of a system that tells case apart
	domainFoldCode  = 'f' // a code without regard to case
	domainOfType    = 't'
	domainExact     = 'x' // a string as written
	domainForeign   = 'r' // a reference that is not local
	domainComposite = 'p'
	domainWord      = 'w' // a word of a text, folded
	domainBeginning = 'b' // of a folded text
	domainWhole     = 'e' // a text as written, of a parameter
	domainDay       = 'd'
)

// stringPrefix is how much of a folded string stands in the index key; longer ones have a
// row in string_long for :contains and for prefixes that are longer still.
const stringPrefix = 64

// Suffixes of a parameter's code under which its second index stands.
const (
	SubIdentifier = ":identifier"
	SubOfType     = ":of-type"
)

// Numbers gives the numbers of names, adding what is missing; db.Adder is one.
type Numbers interface {
	Param(resourceType, code string) (int64, error)
	System(url string) (int64, error)
	Unit(u search.Unit) (int64, error)
	Several(param int64) error // some resource has several values under this parameter
}

// Indexer turns the index values of resources into rows. It adds what numbers are missing,
// so it belongs to the writer.
type Indexer struct {
	Keys *seal.Keys
	Add  Numbers
	RID  func(resourceType, id string) (int64, error) // finds or makes the rid of a reference's target
	Rows *Rows
	// Clear says that the database seals its pages, so that private values stand as they are.
	Clear bool
}

// Resource adds the rows of one resource.
func (x *Indexer) Resource(rid int64, resourceType string, values []search.IndexValue) error {
	for i := range values {
		if err := x.Value(rid, &values[i]); err != nil {
			return err
		}
		// Values of one parameter stand next to each other.
		if i > 0 && values[i].Param.Kind == search.KindDate && values[i].Param == values[i-1].Param && !x.hides(values[i].Param) {
			if err := x.Add.Several(x.Rows.Date[len(x.Rows.Date)-1].P); err != nil {
				return err
			}
		}
	}
	return nil
}

// Value adds the rows of one value.
func (x *Indexer) Value(rid int64, v *search.IndexValue) error {
	p, err := x.Add.Param(v.Param.Type, v.Param.IndexName())
	if err != nil {
		return err
	}
	switch v.Param.Kind {
	case search.KindToken:
		return x.token(rid, p, v)
	case search.KindReference:
		return x.reference(rid, p, v)
	case search.KindString:
		if x.hides(v.Param) {
			x.hiddenText(rid, p, v.Text)
			return nil
		}
		x.text(rid, p, v.Text)
	case search.KindWords:
		x.Rows.Token = append(x.Rows.Token, Token{p, Word(x.Keys, v.Text), 0, rid})
	case search.KindURI:
		if x.hides(v.Param) {
			x.HideURI(rid, p, v.Text)
			return nil
		}
		x.Rows.URI = append(x.Rows.URI, URI{p, URIKey(x.Keys, v.Text), rid})
	case search.KindDate:
		if x.hides(v.Param) {
			x.HideDate(rid, p, v.Date)
			return nil
		}
		length := v.Date.Hi - v.Date.Lo
		x.Rows.Date = append(x.Rows.Date, Date{p, dateClass(length), v.Date.Lo, length, rid})
		x.Rows.Forward = append(x.Rows.Forward, Forward{rid, p, v.Date.Lo, length})
	case search.KindNumber:
		lo, hi := finite(v.Lo), finite(v.Hi)
		x.Rows.Number = append(x.Rows.Number, Number{p, 0, numberClass(lo, hi), lo, hi, rid})
		x.Rows.Forward = append(x.Rows.Forward, Forward{rid, p, lo, hi})
	case search.KindQuantity:
		u, err := x.Add.Unit(v.Unit)
		if err != nil {
			return err
		}
		lo, hi := finite(v.Lo), finite(v.Hi)
		x.Rows.Quantity = append(x.Rows.Quantity, Number{p, u, numberClass(lo, hi), lo, hi, rid})
		x.Rows.Forward = append(x.Rows.Forward, Forward{rid, p, lo, hi})
	case search.KindComposite:
		return x.composite(rid, p, v)
	}
	return nil
}

// Code is how a code stands in the index.
func Code(k *seal.Keys, system, code string) int64 {
	if search.CaseSensitive(system) {
		return k.Hash(domainCode, code)
	}
	return k.Hash(domainFoldCode, search.FoldCode(code))
}

// AnyCode is how a code stands whose system is not said: with and without regard to case.
func AnyCode(k *seal.Keys, code string) [2]int64 {
	return [2]int64{k.Hash(domainFoldCode, search.FoldCode(code)), k.Hash(domainCode, code)}
}

// Word is how a word of a text stands in the index.
func Word(k *seal.Keys, word string) int64 { return k.Hash(domainWord, word) }

// Exact is how a string as written stands in the index.
func Exact(k *seal.Keys, text string) int64 { return k.Hash(domainExact, text) }

// Lower is how a string stands that is compared as a whole, within a composite.
func Lower(k *seal.Keys, text string) int64 { return k.Hash(domainComposite, strings.ToLower(text)) }

func (x *Indexer) token(rid, p int64, v *search.IndexValue) error {
	if v.OfType != (search.IndexToken{}) {
		ot, err := x.Add.Param(v.Param.Type, v.Param.IndexName()+SubOfType)
		if err != nil {
			return err
		}
		x.Rows.Token = append(x.Rows.Token, Token{ot, OfType(x.Keys, v.OfType.System, v.OfType.Code, v.Token.Code), 0, rid})
	}
	s := int64(0)
	if v.Token.System != "" {
		var err error
		if s, err = x.Add.System(v.Token.System); err != nil {
			return err
		}
	}
	x.Rows.Token = append(x.Rows.Token, Token{p, Code(x.Keys, v.Token.System, v.Token.Code), s, rid})
	return nil
}

// OfType is how an identifier with its type stands in the index.
func OfType(k *seal.Keys, system, code, value string) int64 {
	return k.Hash(domainOfType, system, search.FoldCode(code), search.FoldCode(value))
}

func (x *Indexer) reference(rid, p int64, v *search.IndexValue) error {
	if v.Token.Code != "" || v.Token.System != "" {
		sub, err := x.Add.Param(v.Param.Type, v.Param.IndexName()+SubIdentifier)
		if err != nil {
			return err
		}
		s := int64(0)
		if v.Token.System != "" {
			if s, err = x.Add.System(v.Token.System); err != nil {
				return err
			}
		}
		x.Rows.Token = append(x.Rows.Token, Token{sub, Code(x.Keys, v.Token.System, v.Token.Code), s, rid})
	}
	target, ok, err := x.target(v.Ref)
	if err != nil || !ok {
		return err
	}
	x.Rows.Reference = append(x.Rows.Reference, Reference{p, target, rid})
	if v.Ref.URL != "" && v.Ref.Version != "" {
		x.Rows.Reference = append(x.Rows.Reference, Reference{p, Foreign(x.Keys, v.Ref), rid})
	}
	return nil
}

// target is the number that stands for what a reference points to, without a canonical's version.
func (x *Indexer) target(r search.Reference) (int64, bool, error) {
	switch {
	case r.URL != "":
		return Foreign(x.Keys, search.Reference{URL: r.URL}), true, nil
	case r.Type != "" && r.ID != "":
		rid, err := x.RID(r.Type, r.ID)
		return rid, err == nil, err
	}
	return 0, false, nil
}

// Foreign is the number, below zero, of a reference that is not local.
func Foreign(k *seal.Keys, r search.Reference) int64 {
	text := r.URL
	if r.Version != "" {
		text += "|" + r.Version
	}
	return -(k.Hash(domainForeign, text) & math.MaxInt64 >> 1) - 1
}

func (x *Indexer) text(rid, p int64, text string) {
	v, long := StringKey(text)
	x.Rows.String = append(x.Rows.String, String{p, v, Exact(x.Keys, text), rid})
	x.Rows.Forward = append(x.Rows.Forward, Forward{rid, p, v, int64(0)})
	if long != "" {
		x.Rows.Long = append(x.Rows.Long, Long{p, rid, long})
	}
}

// uriMax is the longest uri that stands in the index as it is: the keys of a database's index
// may not hold more. URIHead is what stands of a longer one, before its hash.
const (
	uriMax  = 2_000
	URIHead = 1_900
)

// URIKey is how a uri stands in the index: as written, or its beginning and a hash.
func URIKey(k *seal.Keys, uri string) string {
	if len(uri) <= uriMax {
		return uri
	}
	return cut(uri, URIHead) + "#" + strconv.FormatInt(k.Hash(domainExact, uri), 16)
}

// StringKey is the folded prefix of a text, and the whole folded text where it is longer.
func StringKey(text string) (prefix, long string) {
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

// NumberReach is the longest range of a class.
func NumberReach(class int64) float64 {
	if class == 0 {
		return 0
	}
	return math.Ldexp(1, int(class-2000))
}

// composite writes one row: the first part in a and b, the second in k, class, lo, hi, a
// third number in rest.
func (x *Indexer) composite(rid, p int64, v *search.IndexValue) error {
	if len(v.Parts) < 2 || len(v.Parts) > 3 {
		return nil
	}
	row := Composite{P: p, RID: rid, Lo: int64(0), Hi: int64(0), Rest: []byte{}}
	var err error
	if row.A, row.B, err = x.discrete(&v.Parts[0]); err != nil {
		return err
	}
	second := &v.Parts[1]
	switch second.Param.Kind {
	case search.KindDate:
		length := second.Date.Hi - second.Date.Lo
		row.Class, row.Lo, row.Hi = dateClass(length), second.Date.Lo, length
	case search.KindNumber, search.KindQuantity:
		lo, hi := finite(second.Lo), finite(second.Hi)
		row.Class, row.Lo, row.Hi = numberClass(lo, hi), lo, hi
		if second.Param.Kind == search.KindQuantity {
			if row.K, err = x.Add.Unit(second.Unit); err != nil {
				return err
			}
		}
	case search.KindString:
		key, _ := StringKey(second.Text)
		if row.Lo = key; x.hides(second.Param) {
			row.Lo = x.Keys.SealValue(p, rid, []byte(key))
		}
	default:
		var b int64
		if row.K, b, err = x.discrete(second); err != nil {
			return err
		}
		row.Lo = b
	}
	if len(v.Parts) == 3 {
		row.Rest = Ordered(v.Parts[2].Lo)
	}
	x.Rows.Composite = append(x.Rows.Composite, row)
	return nil
}

// discrete gives a part that is compared by equality as two numbers.
func (x *Indexer) discrete(v *search.IndexValue) (a, b int64, err error) {
	switch v.Param.Kind {
	case search.KindToken:
		if v.Token.System != "" {
			b, err = x.Add.System(v.Token.System)
		}
		return Code(x.Keys, v.Token.System, v.Token.Code), b, err
	case search.KindReference:
		a, _, err = x.target(v.Ref)
		return a, 0, err
	}
	return Lower(x.Keys, v.Text), 0, nil
}

// Ordered gives 8 bytes that sort as the number does.
func Ordered(f float64) []byte {
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(nil, bits)
}
