package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// LinkSize is how many bytes of a link are kept: 128 bits of HMAC-SHA-256 are as hard to guess
// as its key (NIST SP 800-107 §5.3.4).
const LinkSize = 16

// Row is an event as a store keeps it. The chain goes over the bytes that are stored, so that
// it holds whatever later versions make of them.
type Row struct {
	Seq     int64
	At      int64 // milliseconds since 1970 UTC
	Actor   string
	Request string
	Outcome string
	Code    string
	Dict    int64 // of Steps as rows had them before the chain; else 0
	Steps   []byte
	Key     int64  // number of the key that made Hash
	Hash    []byte // link to the row before
}

// Chain makes the links of rows: HMAC-SHA-256 over the link before and the row. Who does not
// have the key cannot make one. A Chain is for one goroutine.
type Chain struct {
	mac hash.Hash
	buf []byte
	sum [sha256.Size]byte
}

// NewChain makes links with a key of at least 16 bytes.
func NewChain(key []byte) *Chain { return &Chain{mac: hmac.New(sha256.New, key)} }

// Link is the link of a row behind the row with link before; nil before the first.
func (c *Chain) Link(before []byte, r *Row) []byte {
	b := append(c.buf[:0], "chartlake audit row 1\x00"...)
	b = binary.AppendUvarint(b, uint64(len(before)))
	b = append(b, before...)
	for _, n := range []int64{r.Seq, r.At, r.Dict, r.Key} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, s := range []string{r.Actor, r.Request, r.Outcome, r.Code} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Steps)))
	c.mac.Reset()
	c.mac.Write(b)
	c.mac.Write(r.Steps)
	c.buf = b
	return append([]byte(nil), c.mac.Sum(c.sum[:0])[:LinkSize]...)
}

// How a trail can be broken.
const (
	Changed   = "changed"   // the row is not what was written after the row before it
	Missing   = "missing"   // the row is not there, and later ones are
	Truncated = "truncated" // the row is not there, nor any later one
	Rewritten = "rewritten" // the row is not what a signed mark says of it
	Unlisted  = "unlisted"  // the list of who is in which row does not fit the rows
)

// Break is one place where a trail is not whole. Seq is 0 for Unlisted.
type Break struct {
	Seq  int64  `json:"seq"`
	What string `json:"what"`
}

// breaksMax is how many breaks are named; the rest is counted.
const breaksMax = 100

// Report is what a verification found.
type Report struct {
	Rows    int64   `json:"rows"`  // looked at
	First   int64   `json:"first"` // row
	Last    int64   `json:"last"`
	Head    []byte  `json:"head"`    // link of the last row
	Marks   int     `json:"marks"`   // signed marks that were held against the rows
	Newest  int64   `json:"newest"`  // row of the newest mark
	Broken  int64   `json:"broken"`  // how many breaks there are
	Breaks  []Break `json:"breaks"`  // the first of them, in order
	Mark    string  `json:"mark"`    // a signed mark of the trail as it is, to be kept elsewhere
	VerKey  string  `json:"key"`     // verifies marks: the verifier key of a signed note
	Foreign int     `json:"foreign"` // marks of other stores, or whose signature is wrong
}

// Verifier walks along a trail.
type Verifier struct {
	chain  *Chain
	marks  map[int64][][]byte
	before []byte
	known  bool // before is the link of the row before
	next   int64
	Report Report
}

// NewVerifier verifies rows from the first on, and holds the marks against them.
func NewVerifier(key []byte, marks []Mark) *Verifier {
	v := &Verifier{chain: NewChain(key), known: true, next: 1, marks: map[int64][][]byte{}}
	for _, m := range marks {
		v.marks[m.Seq] = append(v.marks[m.Seq], m.Head)
		v.Report.Marks++
		v.Report.Newest = max(v.Report.Newest, m.Seq)
	}
	return v
}

func (v *Verifier) broken(seq int64, what string) {
	v.Report.Broken++
	if len(v.Report.Breaks) < breaksMax {
		v.Report.Breaks = append(v.Report.Breaks, Break{seq, what})
	}
}

// Row takes the rows in order of Seq.
func (v *Verifier) Row(r *Row) {
	if v.Report.Rows == 0 {
		v.Report.First = r.Seq
	}
	if r.Seq > v.next {
		v.broken(v.next, Missing)
		v.Report.Broken += r.Seq - v.next - 1
		v.known = false
	}
	if r.Seq < 1 {
		v.broken(r.Seq, Changed) // no row has such a number
	} else if v.known && !hmac.Equal(v.chain.Link(v.before, r), r.Hash) {
		v.broken(r.Seq, Changed)
	}
	for _, head := range v.marks[r.Seq] {
		if !hmac.Equal(head, r.Hash) {
			v.broken(r.Seq, Rewritten)
			break
		}
	}
	v.before, v.known, v.next = r.Hash, true, max(v.next, r.Seq+1)
	v.Report.Rows++
	v.Report.Last, v.Report.Head = r.Seq, r.Hash
}

// End takes how many rows the store says that it wrote.
func (v *Verifier) End(written int64) *Report {
	if last := max(written, v.Report.Newest); last >= v.next {
		v.broken(v.next, Truncated)
		v.Report.Broken += last - v.next
	} else if written < v.next-1 {
		v.broken(written+1, Changed) // rows that the store did not count
	}
	return &v.Report
}

// Unlisted notes that the list by patient and document does not fit the rows.
func (v *Verifier) Unlisted() { v.broken(0, Unlisted) }
