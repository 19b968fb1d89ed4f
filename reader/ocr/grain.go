package ocr

import (
	"cmp"
	"slices"

	"chartlake/reader/pixel"
)

// The grain of shaded areas and pictures holds pieces as large as letters, which would be read as
// words. Around them stand many more specks than letters, at every height; print has its stops, commas
// and dots at a few heights, and leaders at one.
const (
	grainLeast   = 6 // specks around a segment
	grainMore    = 4 // times as many as letters
	grainHeights = 4 // bands of two pixels that they stand in
)

// grain are the specks of a page by their upper edges, and the side that a speck has at most.
type grain struct {
	specks []pixel.Component
	side   int
}

func (p *page) grain(size int) grain {
	g := grain{side: max(size/3, 2)}
	for _, c := range p.comps {
		if max(c.W(), c.H()) <= g.side {
			g.specks = append(g.specks, c)
		}
	}
	slices.SortFunc(g.specks, func(a, b pixel.Component) int { return cmp.Compare(a.Y0, b.Y0) })
	return g
}

// around reports whether a segment stands in grain: the specks in reach of it are many times its
// letters.
func (g grain) around(s *segment, comps []pixel.Component, size int) bool {
	letters := 0
	for _, m := range s.members {
		if c := comps[m]; max(c.W(), c.H()) > g.side {
			letters++
		}
	}
	x0, y0, x1, y1 := s.x0-size, s.y0-size/2, s.x1+size, s.y1+size/2
	from, _ := slices.BinarySearchFunc(g.specks, y0, func(c pixel.Component, y int) int { return cmp.Compare(c.Y0, y) })
	n, bands := 0, map[int]bool{}
	for _, c := range g.specks[from:] {
		if c.Y0 >= y1 {
			break
		}
		if c.X0 < x1 && c.X1 > x0 {
			n++
			bands[c.Y0/2] = true
		}
	}
	return n >= grainLeast && n > grainMore*letters && len(bands) >= grainHeights
}
