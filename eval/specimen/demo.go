package specimen

import "iter"

// demoTurns is the mix of the demonstration: mostly born digital, so that a first page is
// read within seconds, with every way that paper comes in among the first dozen.
var demoTurns = []struct {
	kind      Kind
	condition Condition
}{
	{LabReport, PDF}, {InsuranceCard, PDF}, {DischargeSummary, PDF}, {LabReport, Scan200}, {DischargeSummary, PDF},
	{InsuranceCard, Photo}, {LabReport, PDF}, {LabReport, Faxed}, {DischargeSummary, MixedPDF}, {InsuranceCard, PDF},
	{LabReport, Skewed}, {LabReport, PDF}, {DischargeSummary, PDF}, {InsuranceCard, Scan300}, {LabReport, Turned90},
}

// demoPatients is how many patients the demonstration has, so that each has several documents.
const demoPatients = 8

// Demo makes n documents of the development layouts one after another, as they are asked
// for. An error ends it.
func Demo(seed uint64, n int) iter.Seq2[*Specimen, error] {
	return func(yield func(*Specimen, error) bool) {
		for i := range n {
			turn := demoTurns[i%len(demoTurns)]
			layouts := Layouts(turn.kind)
			s, err := Make(seed+uint64(i%demoPatients), turn.kind, layouts[(i/3)%len(layouts)], turn.condition)
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}
