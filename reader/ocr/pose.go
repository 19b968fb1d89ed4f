package ocr

import (
	"image"

	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

// Pose is how the content of a picture lies, by the first look that Page takes: without
// recognising anything.
func Pose(img *image.Gray) layout.Pose {
	small := glance(img)
	if pixel.Bilevel(img) {
		small = glance(pixel.Mend(img, max(2, small.size/speckPart), max(3, small.size/clearPart)))
	}
	return small.pose
}
