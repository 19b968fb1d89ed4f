package body

import (
	"errors"
	"strings"

	"github.com/klauspost/compress/zstd"

	"chartlake/fhir"
)

// A dictionary makes stored bodies two to three times smaller, because resources of one type
// repeat their form. It is trained once, from a sample of the store's own resources, and must
// not hold what could say something about a patient: it outlives the erasure of every
// resource. So only member names and texts that many resources of the sample share, and
// resources of several patients, are kept, and nothing at all from names, identifiers,
// addresses, notes, dates and references.
const (
	Sample          = 3_000   // resources that a sample takes
	After           = 1_500   // versions that must be there before
	Patients        = 5       // patients whose resources must be in the sample
	dictionarySize  = 110_000 // bytes of content
	dictionaryShare = 40      // resources of the sample that must share a text
	codingShare     = 6       // the same within a Coding, which comes from a code system
	patientShare    = 3       // patients whose resources must share a text
)

// ErrFew says that a sample is of too few patients to tell what is nobody's own.
var ErrFew = errors.New("a sample of too few patients")

// private are members below which nothing is kept, shared or not.
var private = map[string]bool{"name": true, "identifier": true, "address": true, "telecom": true, "contact": true, "text": true, "note": true,
	"photo": true, "birthDate": true, "deceasedDateTime": true, "id": true, "valueString": true, "data": true, "comment": true,
	"description": true, "patientInstruction": true, "reference": true, "alias": true, "signature": true}

// Dictionary trains a dictionary from resources without what the store sets in meta: it lays the distinct pieces of the masked sample side by side. The sample as
// it is gives only how often which byte and which length occurs. ErrFew where it is of few patients.
func Dictionary(samples []*fhir.Node) ([]byte, error) {
	shared, patients := map[string]share{}, map[string]bool{}
	for _, n := range samples {
		patient := patientOf(n)
		patients[patient] = true
		seen := map[string]bool{}
		texts(n, func(t string) { seen[t] = true })
		for t := range seen {
			shared[t] = shared[t].with(patient)
		}
	}
	if delete(patients, ""); len(patients) < Patients {
		return nil, ErrFew
	}
	var content []byte
	var statistics [][]byte
	have := map[string]bool{}
	for i, n := range samples {
		content = cover(content, masked(n, "", shared).AppendJSON(nil), have)
		if len(content) > dictionarySize {
			break
		}
		if i < 1_000 {
			statistics = append(statistics, n.AppendJSON(nil))
		}
	}
	return zstd.BuildDict(zstd.BuildDictOptions{ID: 0x10000 + 1, Contents: statistics, History: content, Offsets: [3]int{1, 4, 8},
		CompatV155: true, Level: zstd.SpeedDefault})
}

// share is in how many resources a text stands, and of which patients some of them are.
type share struct {
	resources int
	patients  [patientShare]string
}

// with counts one more. A resource of no patient says nothing of whose a text is.
func (s share) with(patient string) share {
	s.resources++
	for i, p := range s.patients {
		if p == patient {
			break
		}
		if p == "" {
			s.patients[i] = patient
			break
		}
	}
	return s
}

// by reports whether so many resources have it, and enough patients.
func (s share) by(resources int) bool {
	return s.resources >= resources && s.patients[patientShare-1] != ""
}

// patientOf is the patient whom a resource is of, by the first that it refers to; "": none.
func patientOf(n *fhir.Node) (id string) {
	if n.Type() == "Patient" {
		return n.ID()
	}
	n.Walk(func(n *fhir.Node) bool {
		if _, found, ok := strings.Cut(n.Str("reference"), "Patient/"); ok && id == "" {
			id, _, _ = strings.Cut(found, "/")
		}
		return id == ""
	})
	return id
}

// piece is the length of what counts as known: shorter matches save next to nothing.
const piece = 10

// cover puts those runs of text in front of content whose pieces are not in it yet, unless
// they are few.
func cover(content, text []byte, have map[string]bool) []byte {
	fresh := 0
	for i := 0; i+piece <= len(text); i++ {
		if !have[string(text[i:i+piece])] {
			fresh++
		}
	}
	if fresh*20 < len(text) {
		return content
	}
	var runs []byte
	for i := 0; i+piece <= len(text); i++ {
		j := i
		for ; j+piece <= len(text) && !have[string(text[j:j+piece])]; j++ {
			have[string(text[j:j+piece])] = true
		}
		if j > i {
			runs = append(runs, text[i:j+piece-1]...)
			i = j
		}
	}
	return append(runs, content...)
}

// texts calls f for the texts that may be kept.
func texts(n *fhir.Node, f func(string)) {
	switch n.Kind() {
	case fhir.String:
		f(n.Text())
	case fhir.Array:
		for _, it := range n.Items() {
			texts(it, f)
		}
	case fhir.Object:
		for _, m := range n.Members() {
			if !private[strings.TrimPrefix(m.Name, "_")] {
				texts(m.Value, f)
			}
		}
	}
}

// masked is a resource with only the texts that many share; all else becomes "" or 0, the
// form stays.
func masked(n *fhir.Node, name string, shared map[string]share) *fhir.Node {
	if private[strings.TrimPrefix(name, "_")] && n.Kind() == fhir.String {
		return fhir.NewString(scheme(n.Text()))
	}
	switch n.Kind() {
	case fhir.String:
		least := dictionaryShare
		if name == "display" || name == "code" || name == "system" {
			least = codingShare
		}
		if shared[n.Text()].by(least) {
			return n
		}
		return fhir.NewString("")
	case fhir.Number:
		return fhir.NewInt(0)
	case fhir.Array:
		out := fhir.NewArray()
		for _, it := range n.Items() {
			out.Append(masked(it, name, shared))
		}
		return out
	case fhir.Object:
		if private[strings.TrimPrefix(name, "_")] {
			shared = nil
		}
		out := fhir.NewObject()
		for _, m := range n.Members() {
			out.Set(m.Name, masked(m.Value, m.Name, shared))
		}
		return out
	}
	return n
}

// scheme keeps the part of a reference that names a type.
func scheme(s string) string {
	if i := strings.IndexByte(s, '/'); i > 0 && s[0] >= 'A' && s[0] <= 'Z' && len(s)-i > 8 && !strings.ContainsAny(s[:i], " ?#:.") {
		return s[:i+1]
	}
	return ""
}
