package badgen

import (
	"bytes"
	"math/rand/v2"
)

// tokens are pieces that formats give a meaning.
var tokens = [][]byte{
	[]byte("endobj"), []byte("stream\n"), []byte("endstream"), []byte("<<"), []byte(">>"), []byte("/Length"), []byte("0 R"), []byte("xref"), []byte("/Kids"),
	{0xFF, 0xD8}, {0xFF, 0xDA}, {0xFF, 0xC4}, {0xFF, 0xFF, 0xFF, 0xFF}, {0, 0, 0, 0}, {0x7F, 0xFF, 0xFF, 0xFF}, {0x80, 0, 0, 0}, []byte("IHDR"), []byte("IDAT"), []byte("IEND"),
	{0x01, 0x01, 0x03, 0x00}, {0x11, 0x01, 0x04, 0x00},
}

// mutate damages a copy of data in one way, and says in which.
func mutate(data, other []byte, r *rand.Rand) (out []byte, how string) {
	out = bytes.Clone(data)
	if len(out) < 4 {
		return out, "short"
	}
	at := func() int { return r.IntN(len(out)) }
	switch r.IntN(9) {
	case 0:
		for range 1 + r.IntN(64) {
			out[at()] ^= 1 << r.IntN(8)
		}
		return out, "bits"
	case 1:
		for range 1 + r.IntN(32) {
			out[at()] = byte(r.Uint32())
		}
		return out, "bytes"
	case 2: // at every twentieth
		return out[:len(out)*(1+r.IntN(19))/20], "truncated"
	case 3:
		if len(other) == 0 {
			return out, "spliced"
		}
		return append(out[:at()], other[r.IntN(len(other)):]...), "spliced"
	case 4:
		from := at()
		return append(out[:from], out[min(from+1+r.IntN(2000), len(out)):]...), "hole"
	case 5:
		from := at()
		piece := bytes.Clone(out[from:min(from+1+r.IntN(4000), len(out))])
		to := at()
		return append(out[:to], append(piece, out[to:]...)...), "repeated"
	case 6:
		for range 1 + r.IntN(8) {
			copy(out[at():], tokens[r.IntN(len(tokens))])
		}
		return out, "tokens"
	case 7: // numbers of a PDF, or its text
		for i := range out {
			if out[i] >= '0' && out[i] <= '9' && r.IntN(40) == 0 {
				out[i] = byte('0' + r.IntN(10))
			}
		}
		return out, "digits"
	}
	from := at()
	for i := from; i < min(from+1+r.IntN(1000), len(out)); i++ {
		out[i] = 0
	}
	return out, "zeroed"
}
