package check

import (
	"maps"
	"testing"

	"chartlake/document"
	"chartlake/record"
)

func read(name, v string, state record.State) record.Field {
	f := record.Field{Name: name, Value: &v, Raw: v, State: state, Confidence: 0.9, Page: 1, Box: document.Box{X: 0.1, Y: 0.1, W: 0.1, H: 0.01}}
	if state == record.Review {
		f.Reasons, f.Confidence = []string{"low reading confidence on one word"}, 0.6
	}
	return f
}

// aClaim is a claim without a fault; change alters boxes and line cells ("28", "0/24F").
func aClaim(change map[string]string, doubtful ...string) *record.Segment {
	boxes := map[string]string{"1": "Medicare", "1a": "A1", "2": "Fenn, Ida", "3.dob": "1970-01-02", "4": "Fenn, Ida", "6": "Self", "5.street": "12 Harbor Street", "7.street": "12 Harbor Street",
		"11d": "NO", "21.A": "M54.50", "28": "150.00", "29": "50.00", "30": "100.00", "31.date": "2026-03-01", "16.from": "2026-01-01", "16.to": "2026-01-09"}
	cells := []map[string]string{{"24A.from": "2026-01-05", "24A.to": "2026-01-05", "24B": "11", "24D.code": "99213", "24E": "A", "24F": "100.00", "24G": "1"},
		{"24A.from": "2026-01-06", "24A.to": "2026-01-06", "24B": "11", "24D.code": "97110", "24E": "A", "24F": "50.00", "24G": "1"}}
	for name, v := range change {
		if len(name) > 1 && name[1] == '/' {
			cells[name[0]-'0'][name[2:]] = v
		} else {
			boxes[name] = v
		}
	}
	state := func(name string) record.State {
		for _, d := range doubtful {
			if d == name {
				return record.Review
			}
		}
		return record.Accepted
	}
	s := &record.Segment{Type: "cms1500", Pages: [2]int{1, 1}}
	for name, v := range boxes {
		if v != "" {
			s.Fields = append(s.Fields, read(name, v, state(name)))
		}
	}
	for i, row := range cells {
		line := map[string]record.Field{}
		for name, v := range row {
			if v != "" {
				f := read(name, v, state(string(rune('0'+i))+"/"+name))
				f.Box.Y = 0.5 + 0.1*float64(i)
				line[name] = f
			}
		}
		s.Lines = append(s.Lines, line)
	}
	return s
}

// TestClaimRules: each planted fault raises its flag and nothing else, and a fault between
// boxes of which one is in doubt raises none.
func TestClaimRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   map[string]string
		doubtful []string
		want     string
	}{
		"whole":                {nil, nil, ""},
		"sum":                  {map[string]string{"28": "160.00", "30": "110.00"}, nil, "sum_mismatch"},
		"sum in doubt":         {map[string]string{"28": "160.00", "30": "110.00"}, []string{"1/24F"}, ""},
		"total in doubt":       {map[string]string{"28": "160.00"}, []string{"28"}, ""},
		"balance":              {map[string]string{"30": "90.00"}, nil, "balance_mismatch"},
		"pointer":              {map[string]string{"1/24E": "AC"}, nil, "pointer_missing"},
		"from after to":        {map[string]string{"0/24A.to": "2026-01-01"}, nil, "date_order"},
		"service after signed": {map[string]string{"31.date": "2026-01-05"}, nil, "date_order"},
		"unable to work":       {map[string]string{"16.to": "2025-12-01"}, nil, "date_order"},
		"born after service":   {map[string]string{"3.dob": "2026-02-01"}, nil, "date_order"},
		"old codes":            {map[string]string{"0/24A.from": "2010-01-05", "0/24A.to": "2010-01-05"}, nil, "code_version"},
		"other plan":           {map[string]string{"11d": "YES"}, nil, "other_insurance_incomplete"},
		"self but another":     {map[string]string{"4": "Marrow, Odo"}, nil, "relationship_conflict"},
		"streets":              {map[string]string{"6": "Spouse", "4": "Fenn, Odo", "7.street": "13 Harbor Street"}, nil, "relationship_conflict"},
		"other streets":        {map[string]string{"6": "Spouse", "4": "Fenn, Odo", "7.street": "99 Elm Court"}, nil, ""},
		"resubmission":         {map[string]string{"22.code": "7"}, nil, "resubmission_incomplete"},
		"no units":             {map[string]string{"0/24G": "0"}, nil, "units_implausible"},
		"outside lab":          {map[string]string{"20": "YES"}, nil, "required_missing"},
		"no charge":            {map[string]string{"1/24F": ""}, nil, "required_missing"},
		"twice": {map[string]string{"1/24A.from": "2026-01-05", "1/24A.to": "2026-01-05", "1/24D.code": "99213", "1/24F": "100.00", "28": "200.00", "30": "150.00"},
			nil, "duplicate_line"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := aClaim(c.change, c.doubtful...)
			claimRules(&Case{Segment: s})
			got := map[string]int{}
			for _, f := range s.Flags {
				got[f.Code]++
			}
			want := map[string]int{}
			if c.want != "" {
				want[c.want] = 1
				for code := range got {
					if code == c.want {
						want[code] = got[code]
					}
				}
			}
			if !maps.Equal(got, want) {
				t.Errorf("flags %v, want %q", got, c.want)
			}
		})
	}
}

// TestSumSendsChargesToReview: the cells of the lines are changed where they are kept.
func TestSumSendsChargesToReview(t *testing.T) {
	t.Parallel()
	s := aClaim(map[string]string{"28": "160.00", "30": "110.00"})
	claimRules(&Case{Segment: s})
	for i, l := range s.Lines {
		if l["24F"].State != record.Review {
			t.Errorf("line %d stays accepted", i+1)
		}
		if l["24G"].State != record.Accepted {
			t.Errorf("line %d: the units have nothing to do with it", i+1)
		}
	}
}
