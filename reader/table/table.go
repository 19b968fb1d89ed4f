// Package table finds tables on a page: ruled, half-ruled and borderless.
package table

import (
	"chartlake/document"
	"chartlake/reader/layout"
)

// Find gives the tables of a page from top to bottom. p was arranged by layout.Arrange; it is not changed.
func Find(p *document.Page, rules []layout.Rule) []document.Table { return nil }
