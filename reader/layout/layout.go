package layout

import "chartlake/document"

// Arrange reorders p.Words into reading order and fills p.Lines and p.Blocks. p.Width, p.Height
// and p.Skew must be set: they say how far words are apart. Every word is in exactly one line
// and every line in exactly one block.
func Arrange(p *document.Page, rules []Rule) {}
