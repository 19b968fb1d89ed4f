package form

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"chartlake/document"
	"chartlake/record"
)

// repeatMin is the least number of words of a page that can be said to be another's copy:
// separator sheets and empty forms are alike by nature.
const repeatMin = 20

// pages remembers pages by what they say, to find those that came twice.
type pages map[[sha256.Size]byte]int

// copyOf gives the earlier page that says the same at the same places, 0 where there is none.
// A sheet that was scanned twice is read differently by a letter or a hair and is not found.
func (seen pages) copyOf(p *document.Page) int {
	if len(p.Words) < repeatMin {
		return 0
	}
	const grid = 500 // of a page's side: less than a millimetre
	var b []byte
	for _, w := range p.Words {
		b = append(append(b, w.Text...), 0)
		for _, v := range [4]float64{w.Box.X, w.Box.Y, w.Box.W, w.Box.H} {
			b = binary.AppendVarint(b, int64(v*grid+0.5))
		}
	}
	key := sha256.Sum256(b)
	if first, ok := seen[key]; ok {
		return first
	}
	seen[key] = p.Number
	return 0
}

// repeated says that a page is there twice. Nothing is wrong with what it says, but counting
// its values twice would be.
func repeated(page, first int) record.Flag {
	return record.Flag{Code: "page_duplicate", Severity: record.SeverityWarning,
		Message:  fmt.Sprintf("page %d is the same as page %d", page, first),
		Evidence: []record.Evidence{{Page: page, Box: document.Box{W: 1, H: 1}}}}
}
