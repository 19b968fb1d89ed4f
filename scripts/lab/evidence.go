//go:build ignore

// Evidence holds the answer of a FHIR search (Observations with their Provenances) against
// the expected result of the laboratory report they were read from: each value must be the
// printed one, and each evidence box must lie on the ink of its words.
//
//	go run scripts/lab/evidence.go ANSWER.json NAME.expected.json
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"chartlake/document"
	"chartlake/eval/expected"
)

const (
	overlapEnough = 0.5 // intersection over union, the usual measure of object detection
	rowsEnough    = 0.9 // share of the printed rows that must be there without a person
	evidenceURL   = "https://chartlake.dev/fhir/StructureDefinition/evidence"
)

type extension struct {
	URL       string      `json:"url"`
	Extension []extension `json:"extension"`
	String    string      `json:"valueString"`
	Positive  int         `json:"valuePositiveInt"`
}

type reference struct {
	Reference string `json:"reference"`
}

type resource struct {
	Type   string                `json:"resourceType"`
	ID     string                `json:"id"`
	Code   struct{ Text string } `json:"code"`
	Number *struct {
		Value json.Number `json:"value"`
	} `json:"valueQuantity"`
	String  string                 `json:"valueString"`
	Concept *struct{ Text string } `json:"valueCodeableConcept"`
	Target  []reference            `json:"target"`
	Entity  []struct {
		Extension []extension `json:"extension"`
		What      reference   `json:"what"`
	} `json:"entity"`
}

// value is the Observation's value as text.
func (r *resource) value() string {
	switch {
	case r.Number != nil:
		return r.Number.Value.String()
	case r.Concept != nil:
		return r.Concept.Text
	}
	return r.String
}

// fact is one piece of evidence: the element that it is for, and where it was read.
type fact struct {
	path, quote string
	page        int
	box         document.Box
}

// finding is an Observation with its evidence and the DocumentReference that it came from.
type finding struct {
	*resource
	from  string
	facts []fact
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: evidence ANSWER.json NAME.expected.json")
	}
	found := findings(os.Args[1])
	want, err := expected.Read(bytes.NewReader(read(os.Args[2])))
	if err != nil {
		fail("expected result: %v", err)
	}
	by := map[string][]finding{}
	for _, f := range found {
		by[f.from] = append(by[f.from], f)
	}
	// People share names; the report's own Observations are those that match it most.
	var best outcome
	for _, list := range by {
		if o := compare(list, want); o.rows > best.rows || best.of == 0 {
			best = o
		}
	}
	fmt.Printf("%d of %d rows, %d evidence boxes on the right words, %d not\n", best.rows, best.of, best.right, len(best.wrong))
	for _, w := range best.wrong {
		fmt.Println("  " + w)
	}
	if best.of == 0 || float64(best.rows) < rowsEnough*float64(best.of) || len(best.wrong) > 0 || best.right < 2*best.rows {
		os.Exit(5)
	}
}

type outcome struct {
	rows, of, right int
	wrong           []string
}

// compare holds one document's Observations against the expected rows.
func compare(list []finding, want *expected.Document) outcome {
	o := outcome{of: len(want.Lines)}
	taken := map[int]bool{}
	for _, f := range list {
		row := -1
		for i, line := range want.Lines {
			if !taken[i] && same(line["test"], f.Code.Text) && same(line["value"], f.value()) {
				row = i
				break
			}
		}
		if row < 0 {
			o.wrong = append(o.wrong, fmt.Sprintf("Observation/%s: %q = %q is not on the report", f.ID, f.Code.Text, f.value()))
			continue
		}
		taken[row] = true
		o.rows++
		for _, fact := range f.facts {
			name := place(fact.path, row)
			at, ok := want.Boxes[name]
			switch {
			case !ok:
			case fact.page == at.Page && fact.box.IoU(at.Box) >= overlapEnough:
				o.right++
			default:
				o.wrong = append(o.wrong, fmt.Sprintf("%s: page %d %v, the ink is at page %d %v", name, fact.page, fact.box, at.Page, at.Box))
			}
		}
	}
	sort.Strings(o.wrong)
	return o
}

// place names the expected place of an element of row i's Observation.
func place(path string, i int) string {
	cell := ""
	switch {
	case path == "code":
		cell = "test"
	case path == "effectiveDateTime":
		return "collected"
	case path == "referenceRange":
		cell = "range"
	case path == "valueQuantity.unit":
		cell = "unit"
	case strings.HasPrefix(path, "value"):
		cell = "value"
	}
	return fmt.Sprintf("lines[%d].%s", i, cell)
}

// same compares a printed value with a filed one: as numbers where both are, else as text.
func same(want expected.Value, have string) bool {
	if len(want.Parts) != 1 {
		return false
	}
	printed := want.Parts[0]
	a, errA := strconv.ParseFloat(printed, 64)
	b, errB := strconv.ParseFloat(have, 64)
	if errA == nil && errB == nil {
		return a == b
	}
	return strings.EqualFold(strings.Join(strings.Fields(printed), " "), strings.Join(strings.Fields(have), " "))
}

// findings reads the Bundle of a search with _revinclude=Provenance:target.
func findings(name string) []finding {
	var bundle struct {
		Entry []struct{ Resource resource }
	}
	if err := json.Unmarshal(read(name), &bundle); err != nil {
		fail("answer: %v", err)
	}
	var out []finding
	for i := range bundle.Entry {
		o := &bundle.Entry[i].Resource
		if o.Type != "Observation" {
			continue
		}
		f := finding{resource: o}
		for j := range bundle.Entry {
			p := &bundle.Entry[j].Resource
			if p.Type == "Provenance" && targets(p, "Observation/"+o.ID) {
				f.take(p)
			}
		}
		if f.from == "" {
			fail("Observation/%s has no Provenance", o.ID)
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		fail("the answer has no Observation")
	}
	return out
}

func targets(p *resource, key string) bool {
	for _, t := range p.Target {
		if t.Reference == key || strings.HasPrefix(t.Reference, key+"/") {
			return true
		}
	}
	return false
}

func (f *finding) take(p *resource) {
	for _, e := range p.Entity {
		f.from = e.What.Reference
		for _, x := range e.Extension {
			if x.URL != evidenceURL {
				continue
			}
			var fact fact
			for _, part := range x.Extension {
				switch part.URL {
				case "path":
					fact.path = part.String
				case "quote":
					fact.quote = part.String
				case "page":
					fact.page = part.Positive
				case "box":
					if _, err := fmt.Sscan(part.String, &fact.box.X, &fact.box.Y, &fact.box.W, &fact.box.H); err != nil {
						fail("Observation/%s: box: %v", f.ID, err)
					}
				}
			}
			f.facts = append(f.facts, fact)
		}
	}
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		fail("%v", err)
	}
	return data
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "evidence: "+format+"\n", args...)
	os.Exit(1)
}
