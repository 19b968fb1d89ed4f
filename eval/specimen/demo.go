package specimen

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

// Demo makes document n, from 0, of the demonstration, in a development layout.
func Demo(seed uint64, n int) (*Specimen, error) {
	turn := demoTurns[n%len(demoTurns)]
	layouts := Layouts(turn.kind)
	return Make(seed+uint64(n%demoPatients), turn.kind, layouts[(n/3)%len(layouts)], turn.condition)
}
