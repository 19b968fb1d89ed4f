package mark

import "chartlake/reader/pixel"

// Frame gives the frame of a check box or radio circle that a component of an ink is, by its
// shape alone: a component whose strokes go over the frame is larger than it. labels are those
// of pixel.Components, size is the usual size of letters in pixels. A letter may be as round or
// as square: whoever asks looks at what stands beside it.
func Frame(ink *pixel.Ink, labels []int32, label int32, c pixel.Component, size float64) (frame pixel.Component, round, ok bool) {
	f, kind, ok := shape{ink, labels, label, c}.frame(size)
	return f, kind == "circle", ok
}
