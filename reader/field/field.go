// Package field finds generic key-value pairs on a page.
package field

import (
	"chartlake/document"
	"chartlake/reader/layout"
)

// Find pairs keys with values. p was arranged by layout.Arrange; it is not changed.
func Find(p *document.Page, rules []layout.Rule) []document.Field { return nil }
