package eval

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"chartlake/eval/specimen"
	"chartlake/reader/ocr"
	"chartlake/reader/pixel"
	"chartlake/reader/raster"
)

// RotationOptions says how many fictional pages are turned, and which they are.
type RotationOptions struct {
	Pages int // pages with rotationWords or more; each sheet is shown in all four rotations
	Seed  uint64
	Done  func(done, of int)
}

// Pages whose rotation counts, and how near a skew is right, in degrees.
const (
	rotationWords = 50
	skewNear      = 0.2
	tiltMost      = 10.0 // every second page is shown up to so many degrees askew
)

// Rotation is how well and how fast the pose of pages is found without recognising them.
type Rotation struct {
	Pages  int              `json:"pages"`
	Groups []RotationGroup  `json:"groups"` // total, per condition
	Times  map[string]int64 `json:"times"`  // median and 99th percentile in microseconds of processor time
}

// RotationGroup is the pages of one condition. A page that is not sure is asked of the recogniser,
// both ways up.
type RotationGroup struct {
	Name      string `json:"name"`
	Right     Figure `json:"right"`      // rotation, of all pages
	Sure      Figure `json:"sure"`       // pages that need no recogniser to tell
	SureRight Figure `json:"sure_right"` // rotation, of those
	Axis      Figure `json:"axis"`       // upright or upside down, of all: what the recogniser can put right
	Skew      Figure `json:"skew"`       // within 0.2 degrees, of pages whose axis is right
}

type turnedPage struct {
	condition         specimen.Condition
	right, axis, sure bool
	level             bool // skew is right
	took              time.Duration
}

// MeasureRotation shows pages of every kind and layout, kept apart or not, in every condition of
// scanners and fax machines, turned four ways.
func MeasureRotation(ctx context.Context, o RotationOptions) (*Rotation, error) {
	conditions := []specimen.Condition{specimen.Scan300, specimen.Scan200, specimen.Scan150, specimen.TIFF, specimen.Skewed,
		specimen.Noisy, specimen.Faxed, specimen.FaxedLow}
	type sheet struct {
		kind   specimen.Kind
		layout string
	}
	var sheets []sheet
	for _, k := range slices.Concat([]specimen.Kind{specimen.LabReport, specimen.DischargeSummary}, specimen.ReadingKinds()) {
		for _, l := range slices.Concat(specimen.Layouts(k), specimen.ApartLayouts(k)) {
			sheets = append(sheets, sheet{k, l})
		}
	}
	var pages []turnedPage
	for n := 0; len(pages) < o.Pages; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, condition := sheets[n%len(sheets)], conditions[(n/len(sheets)+n)%len(conditions)]
		made, err := specimen.Make(o.Seed+uint64(n), s.kind, s.layout, condition)
		if err != nil {
			return nil, err
		}
		more, err := turnPages(ctx, made, condition)
		if err != nil {
			return nil, err
		}
		for _, p := range more[:min(len(more), o.Pages-len(pages))] {
			pages = append(pages, p)
			if o.Done != nil {
				o.Done(len(pages), o.Pages)
			}
		}
	}
	return sumRotation(pages, conditions), nil
}

// turnPages shows each page of a document four ways.
func turnPages(ctx context.Context, s *specimen.Specimen, condition specimen.Condition) ([]turnedPage, error) {
	file, err := raster.Open(bytes.NewReader(s.Bytes), int64(len(s.Bytes)), s.MediaType, raster.Limits{Pixels: 1e8, Pages: 100})
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(s.Reading.Seed, 0))
	var out []turnedPage
	for _, truth := range s.Reading.Pages {
		if len(truth.Words) < rotationWords || truth.Skew == nil {
			continue
		}
		picture, err := file.Page(ctx, truth.Page)
		if err != nil {
			return nil, err
		}
		img := picture.Gray()
		if picture.Coarse() {
			img = pixel.Round(img)
		}
		for i, turn := range [4]int{0, 90, 180, 270} {
			shown, skew := img, *truth.Skew
			if i%2 == 1 { // and askew
				wanted := tiltMost * (2*r.Float64() - 1)
				shown = pixel.NewLevel(float64(img.Rect.Dx()), float64(img.Rect.Dy()), skew-wanted).Apply(img)
				skew = wanted
			}
			out = append(out, lookAtPose(pixel.Turn(shown, turn), (*truth.Rotation-turn+720)%360, skew, condition))
		}
	}
	return out, nil
}

func lookAtPose(img *image.Gray, rotation int, skew float64, condition specimen.Condition) turnedPage {
	begin := processTime()
	pose := ocr.Pose(img)
	return turnedPage{condition: condition, took: processTime() - begin, sure: pose.Sure,
		right: pose.Rotation == rotation, axis: (pose.Rotation-rotation)%180 == 0, level: math.Abs(pose.Skew-skew) <= skewNear}
}

// processTime is the time that processors have spent on this program, its collector included.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func sumRotation(pages []turnedPage, conditions []specimen.Condition) *Rotation {
	r := &Rotation{Pages: len(pages), Times: map[string]int64{}}
	add := func(name string, all []turnedPage) {
		g := RotationGroup{Name: name}
		share := func(what string, of, right func(turnedPage) bool) Figure {
			f := Figure{Name: what, Bound: "wilson"}
			for _, p := range all {
				if of(p) {
					f.Of++
					if right(p) {
						f.Right++
					}
				}
			}
			if f.Low, f.High = Wilson(f.Right, f.Of); f.Of > 0 {
				f.Share = float64(f.Right) / float64(f.Of)
			}
			return f
		}
		every := func(turnedPage) bool { return true }
		sure, right := func(p turnedPage) bool { return p.sure }, func(p turnedPage) bool { return p.right }
		g.Right, g.Sure, g.SureRight = share("right", every, right), share("sure", every, sure), share("sure_right", sure, right)
		g.Axis = share("axis", every, func(p turnedPage) bool { return p.axis })
		g.Skew = share("skew", func(p turnedPage) bool { return p.axis }, func(p turnedPage) bool { return p.level })
		r.Groups = append(r.Groups, g)
	}
	add("total", pages)
	for _, c := range conditions {
		var some []turnedPage
		for _, p := range pages {
			if p.condition == c {
				some = append(some, p)
			}
		}
		if len(some) > 0 {
			add(string(c), some)
		}
	}
	took := make([]int64, 0, len(pages))
	for _, p := range pages {
		took = append(took, p.took.Microseconds())
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		r.Times["median"], r.Times["p99"] = took[n/2], took[n*99/100]
	}
	return r
}

// Table is the report for people.
func (r *Rotation) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pages; a pose took %.1f ms of processor time (median), %.1f ms (99 of 100)\n", r.Pages, float64(r.Times["median"])/1000, float64(r.Times["p99"])/1000)
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "%-10s", g.Name)
		for _, f := range [5]Figure{g.Right, g.Sure, g.SureRight, g.Axis, g.Skew} {
			fmt.Fprintf(&b, "  %s %.4f [%.4f, %.4f] %d of %d", f.Name, f.Share, f.Low, f.High, f.Right, f.Of)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
