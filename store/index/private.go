package index

import (
	"encoding/binary"
	"unicode/utf8"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store/seal"
)

// Private values in a database whose pages are not sealed: keyed hashes of what is searched for
// being equal, and the value itself, sealed, for all else. Each parameter has hashes of its own,
// so that equal ones under two parameters do not meet. What the hashes tell is in
// ../../docs/design/sealing.md.

// beginnings are the lengths, in characters, whose beginnings of a folded text are hashed: the
// shorter, the more resources have the same, and the more its frequency tells.
var beginnings = [...]int{3, 6}

// dayLength is a day in milliseconds.
const dayLength = 86_400_000

func (x *Indexer) hides(p *search.Param) bool { return p.Private && !x.Clear }

func (x *Indexer) hash(rid, p, h, k int64) {
	x.Rows.Hashed = append(x.Rows.Hashed, Hashed{p, h, k, rid})
}

// hiddenText adds the rows of a text.
func (x *Indexer) hiddenText(rid, p int64, text string) {
	key, long := StringKey(text)
	x.HashText(rid, p, Exact(x.Keys, text), key)
	if long != "" {
		key = long
	}
	x.SealText(rid, p, key)
}

// HashText adds the hashes of a text, from its exact hash and its key.
func (x *Indexer) HashText(rid, p, exact int64, key string) {
	h, k := whole(x.Keys, p, exact, key)
	x.hash(rid, p, h, k)
	for _, n := range beginnings {
		if begin, ok := characters(key, n); ok {
			h, k := x.Keys.Wide(domainBeginning, number(p), begin)
			x.hash(rid, p, h, k)
		}
	}
}

// SealText adds a folded text.
func (x *Indexer) SealText(rid, p int64, folded string) {
	x.Rows.Sealed = append(x.Rows.Sealed, Sealed{p, rid, x.Keys.SealValue(p, rid, []byte(folded))})
}

// HideURI adds the rows of a uri.
func (x *Indexer) HideURI(rid, p int64, uri string) {
	h, k := WholeText(x.Keys, p, uri)
	x.hash(rid, p, h, k)
	x.Rows.Sealed = append(x.Rows.Sealed, Sealed{p, rid, x.Keys.SealValue(p, rid, []byte(cut(uri, search.MaxText)))})
}

// HideDate adds the rows of a date.
func (x *Indexer) HideDate(rid, p int64, span search.Range) {
	if h, k, _, ok := Day(x.Keys, p, span); ok {
		x.hash(rid, p, h, k)
	}
	plain := binary.AppendVarint(binary.AppendVarint(nil, span.Lo), span.Hi-span.Lo)
	x.Rows.Sealed = append(x.Rows.Sealed, Sealed{p, rid, x.Keys.SealValue(p, rid, plain)})
}

// OpenDate reads what HideDate sealed, opened.
func OpenDate(plain []byte) (search.Range, error) {
	lo, n := binary.Varint(plain)
	length, m := binary.Varint(plain[max(n, 0):])
	if n <= 0 || m <= 0 {
		return search.Range{}, fault.New(fault.Corrupt, "index_damaged", "a date of the search index cannot be read")
	}
	return search.Range{Lo: lo, Hi: lo + length}, nil
}

// WholeText is how a text as written stands among the hashes of a parameter.
func WholeText(keys *seal.Keys, p int64, text string) (h, k int64) {
	key, _ := StringKey(text)
	return whole(keys, p, Exact(keys, text), key)
}

func whole(keys *seal.Keys, p, exact int64, key string) (h, k int64) {
	return keys.Wide(domainWhole, number(p), number(exact), key)
}

// Beginning is how the longest hashed beginning of a folded text stands among the hashes of a
// parameter; all says that it is the whole text. ok is false where the text is shorter than any.
func Beginning(keys *seal.Keys, p int64, folded string) (h, k int64, all, ok bool) {
	for i := len(beginnings) - 1; i >= 0; i-- {
		if begin, ok := characters(folded, beginnings[i]); ok {
			h, k = keys.Wide(domainBeginning, number(p), begin)
			return h, k, begin == folded, true
		}
	}
	return 0, 0, false, false
}

// Day is how the UTC day in which a span lies stands among the hashes of a parameter; all says
// that the span is the whole day. ok is false where it lies in no single day.
func Day(keys *seal.Keys, p int64, span search.Range) (h, k int64, all, ok bool) {
	day := floor(span.Lo)
	if span.Hi <= span.Lo || floor(span.Hi-1) != day {
		return 0, 0, false, false
	}
	h, k = keys.Wide(domainDay, number(p), number(day))
	return h, k, span.Hi-span.Lo == dayLength, true
}

// floor is the number of a moment's UTC day since 1970.
func floor(ms int64) int64 {
	day := ms / dayLength
	if ms%dayLength < 0 {
		day--
	}
	return day
}

// characters gives the first n characters of a text that has as many.
func characters(s string, n int) (string, bool) {
	end := 0
	for range n {
		if end == len(s) {
			return "", false
		}
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end], true
}

func number(n int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	return string(b[:])
}
