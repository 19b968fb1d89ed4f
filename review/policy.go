package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"chartlake/fault"
	"chartlake/record"
)

// Policy is what a house asks of values beyond what Chartlake itself does before they are accepted
// without a person. The zero Policy asks for nothing more. Every error and warning of a check holds a
// document back in any case.
type Policy struct {
	// Below is, by kind of value, the confidence under which a value that was accepted goes to a person.
	Below map[record.Kind]float64 `json:"below,omitempty"`
	// Missing are, by type of document, the fields without which a person looks at it.
	Missing map[record.Type][]string `json:"missing,omitempty"`
	// Two are the types of documents that two people look at, one after the other.
	Two []record.Type `json:"two,omitempty"`
	// Sample is the share of documents filed without a person that are read again by one who does
	// not see what was read (0 to 1).
	Sample float64 `json:"sample,omitempty"`
}

const policyMax = 1 << 20 // bytes of a policy

var kindsOfValue = []record.Kind{record.KindText, record.KindName, record.KindDate, record.KindDatetime, record.KindMoney, record.KindNumber, record.KindQuantity,
	record.KindCode, record.KindID, record.KindPhone, record.KindAddress, record.KindTick, record.KindSignature}

// ParsePolicy reads a policy from JSON and refuses names and numbers that mean nothing.
func ParsePolicy(body []byte) (p Policy, err error) {
	if len(body) > policyMax {
		return p, fault.New(fault.TooLarge, "policy_too_large", "a review policy has at most %d bytes", policyMax)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fault.New(fault.Invalid, "bad_policy", "the review policy is not JSON of the form of docs/guide/operations.md")
	}
	for kind, share := range p.Below {
		if !slices.Contains(kindsOfValue, kind) || !(share >= 0 && share <= 1) {
			return p, fault.New(fault.Invalid, "bad_policy", "below takes kinds of values and a confidence from 0 to 1")
		}
	}
	for typ, names := range p.Missing {
		if !typeName.MatchString(string(typ)) || slices.Contains(names, "") {
			return p, fault.New(fault.Invalid, "bad_policy", "missing takes types of documents and names of fields")
		}
	}
	for _, typ := range p.Two {
		if !typeName.MatchString(string(typ)) {
			return p, fault.New(fault.Invalid, "bad_policy", "two takes types of documents")
		}
	}
	if !(p.Sample >= 0 && p.Sample <= 1) {
		return p, fault.New(fault.Invalid, "bad_policy", "sample is a share from 0 to 1")
	}
	return p, nil
}

// keyMissing is the code of the flag of a field that the policy asks for and that was not read.
const keyMissing = "key_missing"

// readers are the codes of the flags of a document that two people look at: each settles one.
var readers = []string{"reader_first", "reader_second"}

// looked reports that a flag is one of two readers' and that the person has settled the other one.
func looked(seg *record.Segment, f *record.Flag, who string) bool {
	return slices.Contains(readers, f.Code) && slices.ContainsFunc(seg.Flags, func(other record.Flag) bool {
		return slices.Contains(readers, other.Code) && other.Code != f.Code && other.Human != nil && other.Human.Who == who
	})
}

// Apply sends to a person what the policy asks for in a machine's record. What a person settled stays.
func (p Policy) Apply(rec *record.Record) {
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		for j := range seg.Fields {
			p.doubt(&seg.Fields[j])
		}
		for _, line := range seg.Lines {
			for name, cell := range line {
				p.doubt(&cell)
				line[name] = cell
			}
		}
		if slices.Contains(p.Two, seg.Type) {
			for i, code := range readers {
				seg.Flags = append(seg.Flags, record.Flag{Code: code, Severity: record.SeverityWarning, Evidence: []record.Evidence{},
					Message: fmt.Sprintf("two people look at this kind of document: the %s has not", []string{"first", "second"}[i])})
			}
		}
		for _, name := range p.Missing[seg.Type] {
			if f := findField(seg, name); f == nil || f.Value == nil && f.Human == nil {
				seg.Flags = append(seg.Flags, record.Flag{Code: keyMissing, Severity: record.SeverityWarning, Fields: []string{name}, Evidence: []record.Evidence{},
					Message: fmt.Sprintf("%s is asked for on this kind of document and was not read", name)})
			}
		}
	}
}

func (p Policy) doubt(f *record.Field) {
	if f.State != record.Accepted || f.Human != nil || f.Value == nil || f.Confidence >= p.Below[f.Kind] {
		return
	}
	f.State = record.Review
	f.Reasons = append(slices.Clone(f.Reasons), fmt.Sprintf("confidence %.2f is below %.2f, which is asked for of this kind of value", f.Confidence, p.Below[f.Kind]))
}

// Sampled reports whether a document belongs to the sample, which its id alone decides: so it is the
// same whoever asks, and nobody can choose.
func (p Policy) Sampled(document string) bool { return chance(document, "sample") < p.Sample }

// chance is a number from 0 to 1, evenly spread over ids.
func chance(id, about string) float64 {
	sum := sha256.Sum256([]byte(about + "\x00" + id))
	return float64(binary.BigEndian.Uint64(sum[:])) / math.MaxUint64
}
