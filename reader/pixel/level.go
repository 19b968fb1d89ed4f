package pixel

import (
	"image"
	"math"
)

// Level is the way between an upright picture whose content is turned clockwise by Skew
// degrees and the picture that is made level. Both have their origin top left; the level
// picture is larger, so that no corner is lost.
type Level struct {
	Skew          float64
	Width, Height float64 // the upright picture, any unit with square pixels
	LevelWidth    float64
	LevelHeight   float64
	sin, cos      float64
}

// NewLevel prepares the way for a picture of this size.
func NewLevel(width, height, skew float64) Level {
	l := Level{Skew: skew, Width: width, Height: height}
	l.sin, l.cos = math.Sincos(skew * math.Pi / 180)
	s := math.Abs(l.sin)
	l.LevelWidth = width*l.cos + height*s
	l.LevelHeight = height*l.cos + width*s
	return l
}

// To maps a point of the upright picture to the level one.
func (l Level) To(x, y float64) (float64, float64) {
	x -= l.Width / 2
	y -= l.Height / 2
	return x*l.cos + y*l.sin + l.LevelWidth/2, -x*l.sin + y*l.cos + l.LevelHeight/2
}

// From maps a point of the level picture back to the upright one.
func (l Level) From(x, y float64) (float64, float64) {
	x -= l.LevelWidth / 2
	y -= l.LevelHeight / 2
	return x*l.cos - y*l.sin + l.Width/2, x*l.sin + y*l.cos + l.Height/2
}

// BoxFrom gives the smallest upright box around a level box [x0,x1]×[y0,y1].
func (l Level) BoxFrom(x0, y0, x1, y1 float64) (ux0, uy0, ux1, uy1 float64) {
	cx, cy := l.From((x0+x1)/2, (y0+y1)/2)
	s := math.Abs(l.sin)
	hw := ((x1-x0)*l.cos + (y1-y0)*s) / 2
	hh := ((x1-x0)*s + (y1-y0)*l.cos) / 2
	return cx - hw, cy - hh, cx + hw, cy + hh
}

// BoxTo undoes BoxFrom: the level box whose smallest upright box is the given one. Where no
// such box exists (the upright box is too flat for this skew) it gives the nearest.
func (l Level) BoxTo(x0, y0, x1, y1 float64) (lx0, ly0, lx1, ly1 float64) {
	cx, cy := l.To((x0+x1)/2, (y0+y1)/2)
	w, h := x1-x0, y1-y0
	s := math.Abs(l.sin)
	d := l.cos*l.cos - s*s
	lw := max((w*l.cos-h*s)/d, w/4)
	lh := max((h*l.cos-w*s)/d, h/4)
	return cx - lw/2, cy - lh/2, cx + lw/2, cy + lh/2
}

// Apply makes the picture level, with bilinear sampling; what lies outside is white. The
// picture must have the size that l was made for.
func (l Level) Apply(img *image.Gray) *image.Gray {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	ow, oh := int(math.Ceil(l.LevelWidth)), int(math.Ceil(l.LevelHeight))
	out := image.NewGray(image.Rect(0, 0, ow, oh))
	const one = 1 << 16
	dx, dy := int(math.Round(l.cos*one)), int(math.Round(l.sin*one))
	for y := range oh {
		fx, fy := l.From(0.5, float64(y)+0.5)
		sx, sy := int(math.Round((fx-0.5)*one)), int(math.Round((fy-0.5)*one))
		dst := out.Pix[y*out.Stride : y*out.Stride+ow]
		for x := range dst {
			ix, iy := sx>>16, sy>>16
			if ix >= 0 && iy >= 0 && ix < w-1 && iy < h-1 {
				p := iy*img.Stride + ix
				a, b := int(img.Pix[p]), int(img.Pix[p+1])
				c, d := int(img.Pix[p+img.Stride]), int(img.Pix[p+img.Stride+1])
				u, v := (sx>>8)&255, (sy>>8)&255
				top := a<<8 + (b-a)*u
				bottom := c<<8 + (d-c)*u
				dst[x] = uint8((top<<8 + (bottom-top)*v + 1<<15) >> 16)
			} else {
				dst[x] = 255
			}
			sx += dx
			sy += dy
		}
	}
	return out
}
