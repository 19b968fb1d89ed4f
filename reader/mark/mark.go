// Package mark finds check boxes and radio circles on a page picture.
package mark

import (
	"image"

	"chartlake/document"
	"chartlake/reader/layout"
)

// Find gives the marks of the upright picture of p (which may be skewed by p.Skew). p was
// arranged by layout.Arrange; it is not changed.
func Find(img *image.Gray, p *document.Page, rules []layout.Rule) []document.Mark { return nil }
