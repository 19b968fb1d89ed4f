// Package layout puts the words of a page in order: ruling lines, lines, columns, blocks and reading order.
package layout

import (
	"image"

	"chartlake/document"
)

// Rules finds the ruling lines of a grey page picture (0 black, 255 white). The picture is the
// upright page; it may be skewed by up to 10 degrees.
func Rules(img *image.Gray) []Rule { return nil }

// Arrange reorders p.Words into reading order and fills p.Lines and p.Blocks. p.Width, p.Height
// and p.Skew must be set: they say how far words are apart. Every word is in exactly one line
// and every line in exactly one block.
func Arrange(p *document.Page, rules []Rule) {}
