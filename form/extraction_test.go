package form_test

import (
	"slices"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/form"
	"chartlake/record"
)

func fieldOf(seg *record.Segment, name string) *record.Field {
	for i := range seg.Fields {
		if seg.Fields[i].Name == name {
			return &seg.Fields[i]
		}
	}
	return nil
}

const visit = `
LAKESIDE FAMILY MEDICINE
PROGRESS NOTE

Patient Name: Ida Fenn
Date of Birth: BIRTH
MRN: 778-1
Date of Visit: VISIT

SUBJECTIVE
She feels well.

ASSESSMENT AND PLAN
Hypertension, continue lisinopril.
`

// TestYearsOfTwoDigits: the latest century that does not lie after the document's own dates; a birth
// that fits both is a question.
func TestYearsOfTwoDigits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		birth, visit, want string
		state              record.State
	}{
		{"02/06/1934", "10/12/2025", "1934-02-06 2025-10-12", record.Accepted},
		{"02/06/34", "10/12/2025", "1934-02-06 2025-10-12", record.Accepted},
		{"02/06/87", "10/12/25", "1987-02-06 2025-10-12", record.Accepted},
		{"02/06/15", "10/12/2025", "2015-02-06 2025-10-12", record.Review},
		{"02/06/1987", "10/12/98", "1987-02-06 1998-10-12", record.Accepted},
	} {
		doc := typed(strings.NewReplacer("BIRTH", c.birth, "VISIT", c.visit).Replace(visit), document.SourceText, 1)
		seg := form.Understand(doc, form.Us{})[0]
		birth, on := fieldOf(&seg, "dob"), fieldOf(&seg, "visit")
		if birth == nil || on == nil || birth.Value == nil || on.Value == nil {
			t.Errorf("%s %s: %+v, %+v", c.birth, c.visit, birth, on)
			continue
		}
		if got := *birth.Value + " " + *on.Value; got != c.want || birth.State != c.state {
			t.Errorf("%s %s: %s in %s, want %s in %s; %q", c.birth, c.visit, got, birth.State, c.want, c.state, birth.Reasons)
		}
	}
}

// TestCrossedOut: what a line goes through is kept as printed, has no value, and is asked about.
func TestCrossedOut(t *testing.T) {
	t.Parallel()
	doc := typed(strings.NewReplacer("BIRTH", "02/06/1934", "VISIT", "10/12/2025").Replace(visit), document.SourceText, 1)
	for i := range doc.Pages[0].Words {
		if w := &doc.Pages[0].Words[i]; w.Text == "02/06/1934" {
			w.Struck = true
		}
	}
	seg := form.Understand(doc, form.Us{})[0]
	f := fieldOf(&seg, "dob")
	if f == nil || f.Value != nil || f.Raw != "02/06/1934" || f.State != record.Review {
		t.Fatalf("crossed out: %+v", f)
	}
	if !slices.ContainsFunc(seg.Flags, func(x record.Flag) bool {
		return x.Code == "low_confidence" && slices.Contains(x.Fields, "dob") && len(x.Evidence) > 0
	}) {
		t.Errorf("flags %+v", seg.Flags)
	}
	if f := fieldOf(&seg, "patient"); f == nil || f.State != record.Accepted {
		t.Errorf("what is not crossed out: %+v", f)
	}
}

// TestBothSidesOfACard: front and back are one document with what both say.
func TestBothSidesOfACard(t *testing.T) {
	t.Parallel()
	front := "\nHARBOR HEALTH PLAN\nMember Identification Card\n\nMember Name: Ida Fenn\nMember ID: XQT918273645\nGroup Number: 50213\nRxBIN: 610014\nRxPCN: HHP\nPlan: Choice PPO\nPCP Copay: $25\n"
	back := "\nMember Services: 800-555-0133\nProvider Services: 800-555-0134\nPharmacy Help Desk: 800-555-0135\nSubmit claims to: Harbor Health Plan, PO Box 120, Alder Falls, OH 44198\nPayer ID: 61014\nwww.harborhealth.example\n"
	segments := form.Understand(typed(front+"\f"+back, document.SourceText, 1), form.Us{})
	if len(segments) != 1 || segments[0].Type != "insurance_card" || segments[0].Pages != [2]int{1, 2} {
		t.Fatalf("%d segments, the first %s %v", len(segments), segments[0].Type, segments[0].Pages)
	}
	for name, page := range map[string]int{"member_id": 1, "rx.bin": 1, "customer_service": 2, "payer_id": 2} {
		if f := fieldOf(&segments[0], name); f == nil || f.Value == nil || f.Page != page {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
