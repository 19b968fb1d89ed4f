package pixel

import (
	"image"
	"math"
	"slices"
)

// Sheet is where a sheet of paper lies in a photograph: its corners in pixels, top left, top
// right, bottom right, bottom left, and the size that it is made flat to.
type Sheet struct {
	Corners       [4][2]float64
	Width, Height int
	flat          [9]float64 // from the flat sheet to the photograph, in pixels
}

// Shares of the picture's sides.
const (
	sheetLeast = 0.45 // of the picture's area that a sheet covers
	marginMost = 0.3  // how far from its edge a side of the sheet is looked for
	sheetSide  = 480  // pixels to which the longer side is shrunk for looking
	contrast   = 24   // grey levels by which the sheet is lighter than what it lies on
)

// FindSheet finds a light sheet on something darker, seen at an angle: on all four sides the
// picture gets lighter along a straight line. ok is false unless that is plain: scans and
// close views are left as they are.
func FindSheet(img *image.Gray) (s Sheet, ok bool) {
	if bright(img) {
		return s, false
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	factor := max(1, max(w, h)/sheetSide)
	small := Blur(Shrink(img, factor))
	var sides [4]side // top, right, bottom, left
	for i := range sides {
		if sides[i], ok = findSide(small, i); !ok {
			return s, false
		}
	}
	for i := range s.Corners {
		x, y, met := sides[(i+3)%4].meet(sides[i])
		if !met {
			return s, false
		}
		s.Corners[i] = [2]float64{(x + 0.5) * float64(factor), (y + 0.5) * float64(factor)}
	}
	if !s.plausible(float64(w), float64(h)) {
		return s, false
	}
	s.size()
	return s, true
}

// bright reports whether the outermost pixels are mostly as light as paper: a scan.
func bright(img *image.Gray) bool {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w < 200 || h < 200 {
		return true
	}
	var edge []uint8
	for x := 0; x < w; x += 4 {
		edge = append(edge, img.Pix[2*img.Stride+x], img.Pix[(h-3)*img.Stride+x])
	}
	for y := 0; y < h; y += 4 {
		edge = append(edge, img.Pix[y*img.Stride+2], img.Pix[y*img.Stride+w-3])
	}
	slices.Sort(edge)
	return edge[len(edge)/2] > 200
}

// side is a line a·x + b·y = c with a² + b² = 1.
type side struct{ a, b, c float64 }

func (s side) meet(t side) (x, y float64, ok bool) {
	d := s.a*t.b - t.a*s.b
	if math.Abs(d) < 0.5 { // sides of a sheet stand nearly square
		return 0, 0, false
	}
	return (s.c*t.b - t.c*s.b) / d, (s.a*t.c - t.a*s.c) / d, true
}

// findSide looks for one side of the sheet (0 top, 1 right, 2 bottom, 3 left): where the picture
// first gets lighter on the way in, along most of the side on one line.
func findSide(img *image.Gray, which int) (side, bool) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	length, depth := w, h
	if which%2 == 1 {
		length, depth = h, w
	}
	at := func(along, in int) float64 { // brightness, counted from the outside
		x, y := along, in
		switch which {
		case 1:
			x, y = w-1-in, along
		case 2:
			y = h - 1 - in
		case 3:
			x, y = in, along
		}
		return float64(img.Pix[y*img.Stride+x])
	}
	var points [][2]float64
	tried := 0
	for along := length / 12; along < length-length/12; along += 3 {
		tried++
		if in, ok := step(func(i int) float64 { return at(along, i) }, int(marginMost*float64(depth))); ok {
			points = append(points, [2]float64{float64(along), in})
		}
	}
	slope, offset, hits := through(points)
	if 10*hits < 7*tried {
		return side{}, false
	}
	// in = slope·along + offset, back in the picture's axes.
	n := math.Hypot(1, slope)
	offset++ // the edge itself is half desk
	switch which {
	case 0:
		return side{-slope / n, 1 / n, offset / n}, true
	case 1:
		return side{1 / n, slope / n, (float64(w-1) - offset) / n}, true
	case 2:
		return side{slope / n, 1 / n, (float64(h-1) - offset) / n}, true
	}
	return side{1 / n, -slope / n, offset / n}, true
}

// step finds where brightness first rises and stays up: the mean of the next pixels is higher
// than that of all before it.
func step(at func(i int) float64, n int) (float64, bool) {
	const ahead = 6
	sum := 0.0
	for i := range n - ahead {
		if i >= 2 {
			before, next := sum/float64(i), 0.0
			for k := range ahead {
				next += at(i + 1 + k)
			}
			if next/ahead > before+contrast && at(i+1)-at(i-1) > contrast/2 {
				best, rise := i, 0.0
				for k := i - 1; k <= i+2; k++ { // the steepest place near by
					if d := at(k+1) - at(k-1); d > rise {
						best, rise = k, d
					}
				}
				return float64(best), true
			}
		}
		sum += at(i)
	}
	return 0, false
}

// through finds the line that most points lie on, within a pixel and a half: the best through
// pairs of them, then the least squares of those that it holds.
func through(points [][2]float64) (slope, offset float64, hits int) {
	const near = 1.5
	n := len(points)
	inside := func(slope, offset float64) (m int) {
		for _, p := range points {
			if math.Abs(p[1]-slope*p[0]-offset) <= near {
				m++
			}
		}
		return m
	}
	for i := 0; i < n; i += max(1, n/24) {
		for j := n - 1; j > i+n/3; j -= max(1, n/24) {
			p, q := points[i], points[j]
			s := (q[1] - p[1]) / (q[0] - p[0])
			if m := inside(s, p[1]-s*p[0]); m > hits && math.Abs(s) < 0.3 {
				slope, offset, hits = s, p[1]-s*p[0], m
			}
		}
	}
	var k, sx, sy, sxx, sxy float64
	for _, p := range points {
		if math.Abs(p[1]-slope*p[0]-offset) <= near {
			k, sx, sy, sxx, sxy = k+1, sx+p[0], sy+p[1], sxx+p[0]*p[0], sxy+p[0]*p[1]
		}
	}
	if d := k*sxx - sx*sx; hits > 2 && d > 0 {
		slope = (k*sxy - sx*sy) / d
		offset = (sy - slope*sx) / k
	}
	return slope, offset, hits
}

// plausible reports whether the corners are those of a sheet seen from above: in the picture,
// in order, covering much of it, opposite sides alike.
func (s Sheet) plausible(w, h float64) bool {
	area := 0.0
	var length [4]float64
	for i, p := range s.Corners {
		q := s.Corners[(i+1)%4]
		if p[0] < -0.02*w || p[1] < -0.02*h || p[0] > 1.02*w || p[1] > 1.02*h {
			return false
		}
		area += (p[0]*q[1] - q[0]*p[1]) / 2
		length[i] = math.Hypot(q[0]-p[0], q[1]-p[1])
	}
	alike := func(a, b float64) bool { return min(a, b) > 0.6*max(a, b) }
	return area > sheetLeast*w*h && alike(length[0], length[2]) && alike(length[1], length[3])
}

// size sets the flat size, the longer of opposite sides, and the way back. Method: projective
// map of a rectangle to four corners, Heckbert, Fundamentals of Texture Mapping (1989), 2.2.3.
func (s *Sheet) size() {
	c := s.Corners
	length := func(i, j int) float64 { return math.Hypot(c[i][0]-c[j][0], c[i][1]-c[j][1]) }
	w, h := max(length(0, 1), length(3, 2)), max(length(0, 3), length(1, 2))
	s.Width, s.Height = int(math.Round(w)), int(math.Round(h))
	dx1, dx2, sx := c[1][0]-c[2][0], c[3][0]-c[2][0], c[0][0]-c[1][0]+c[2][0]-c[3][0]
	dy1, dy2, sy := c[1][1]-c[2][1], c[3][1]-c[2][1], c[0][1]-c[1][1]+c[2][1]-c[3][1]
	d := dx1*dy2 - dx2*dy1
	g, k := (sx*dy2-dx2*sy)/d, (dx1*sy-sx*dy1)/d
	s.flat = [9]float64{
		(c[1][0] - c[0][0] + g*c[1][0]) / w, (c[3][0] - c[0][0] + k*c[3][0]) / h, c[0][0],
		(c[1][1] - c[0][1] + g*c[1][1]) / w, (c[3][1] - c[0][1] + k*c[3][1]) / h, c[0][1],
		g / w, k / h, 1,
	}
}

// From maps a point of the flat sheet to the photograph, in pixels.
func (s Sheet) From(x, y float64) (float64, float64) {
	f := s.flat
	n := f[6]*x + f[7]*y + f[8]
	return (f[0]*x + f[1]*y + f[2]) / n, (f[3]*x + f[4]*y + f[5]) / n
}

// Flatten gives the sheet as if seen from straight above.
func (s Sheet) Flatten(img *image.Gray) *image.Gray {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, s.Width, s.Height))
	f := s.flat
	for y := range s.Height {
		fy := float64(y) + 0.5
		px, py, pn := f[1]*fy+f[2], f[4]*fy+f[5], f[7]*fy+f[8]
		dst := out.Pix[y*out.Stride : y*out.Stride+s.Width]
		for x := range dst {
			fx := float64(x) + 0.5
			n := 1 / (f[6]*fx + pn)
			ux, uy := (f[0]*fx+px)*n-0.5, (f[3]*fx+py)*n-0.5
			ux, uy = min(max(ux, 0), float64(w-1)), min(max(uy, 0), float64(h-1))
			ix, iy := min(int(ux), w-2), min(int(uy), h-2)
			u, v := float32(ux-float64(ix)), float32(uy-float64(iy))
			p := iy*img.Stride + ix
			top := float32(img.Pix[p])*(1-u) + float32(img.Pix[p+1])*u
			low := float32(img.Pix[p+img.Stride])*(1-u) + float32(img.Pix[p+img.Stride+1])*u
			dst[x] = uint8(top*(1-v) + low*v + 0.5)
		}
	}
	return out
}
