package apart

import (
	_ "embed"
	"sync"

	"github.com/go-fonts/dejavu/dejavuserif"
	"github.com/go-fonts/dejavu/dejavuserifbold"

	"chartlake/eval/specimen/paper"
	"chartlake/eval/specimen/sheet"
)

//go:embed papers.txt
var papers string

var paperType = sync.OnceValue(func() *sheet.Family {
	return sheet.NewFamily("DejaVuSerif", dejavuserif.TTF, dejavuserifbold.TTF)
})

// Papers are the designs of the plainer kinds, PaperLooks how they are printed: where labels
// stand and in which type is theirs alone.
var Papers = sync.OnceValue(func() []paper.Design { return paper.Parse(papers) })

// PaperLooks are the looks of Papers.
func PaperLooks() map[string]paper.Look {
	return map[string]paper.Look{
		"serif": {Place: "leader", Rules: "none", Family: paperType, Size: 10, Names: "first", Days: "1/2/2006", Tels: 1, Dollar: true, Shift: 8},
		"sans":  {Place: "right", Rules: "half", Family: stayType, Size: 9, Names: "last", Days: "01-02-2006", Tels: 0},
	}
}
