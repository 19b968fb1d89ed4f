package score

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/eval/expected"
	"chartlake/fhir"
	"chartlake/record"
)

func field(name, value string) record.Field {
	return record.Field{Name: name, Value: &value, Raw: value, State: record.Accepted, Page: 1, Box: document.Box{X: 0.1, Y: 0.1, W: 0.2, H: 0.02}}
}

func rec(docType string, fields ...record.Field) *record.Record {
	return &record.Record{Segments: []record.Segment{{Type: record.Type(docType), LOINC: "11502-2", Pages: [2]int{1, 1}, Fields: fields}}}
}

func want(t *testing.T, text string) *expected.Document {
	t.Helper()
	d, err := expected.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func in(f record.Field, s record.State) record.Field { f.State = s; return f }

func TestFields(t *testing.T) {
	t.Parallel()
	const lab = `{"id":"a","doc_type":"lab_report","loinc":"11502-2","fields":%s}`
	for _, c := range []struct {
		name    string
		fields  string
		got     []record.Field
		recall  Share
		precise Share
		wrong   Share
		blanks  Share
	}{
		{"right", `{"mrn":"123"}`, []record.Field{field("mrn", "123")}, Share{1, 1}, Share{1, 1}, Share{0, 1}, Share{}},
		{"other name", `{"mrn":"123"}`, []record.Field{field("account", "123")}, Share{0, 1}, Share{0, 1}, Share{}, Share{}},
		{"either name", `{"mrn|patient_id":"123"}`, []record.Field{field("patient_id", "123")}, Share{1, 1}, Share{1, 1}, Share{0, 1}, Share{}},
		{"wrong value", `{"mrn":"123"}`, []record.Field{field("mrn", "124")}, Share{0, 1}, Share{0, 1}, Share{1, 1}, Share{}},
		{"in review", `{"mrn":"123"}`, []record.Field{in(field("mrn", "124"), record.Review)}, Share{0, 1}, Share{0, 1}, Share{}, Share{}},
		{"two values where one is wanted", `{"mrn":"123"}`, []record.Field{field("mrn", "123"), field("mrn", "124")}, Share{0, 1}, Share{0, 2}, Share{2, 2}, Share{}},
		{"the same twice", `{"mrn":"123"}`, []record.Field{field("mrn", "123"), field("mrn", "123")}, Share{1, 1}, Share{1, 1}, Share{0, 1}, Share{}},
		{"list apart", `{"l":["1 Elm St","Here, OH"]}`, []record.Field{field("l[0]", "1 Elm St"), field("l[1]", "Here OH")}, Share{2, 2}, Share{2, 2}, Share{0, 2}, Share{}},
		{"list together", `{"l":["1 Elm St","Here, OH"]}`, []record.Field{field("l", "1 Elm St\nHere, OH")}, Share{2, 2}, Share{1, 1}, Share{0, 1}, Share{}},
		{"list in a heap of other words", `{"l":["1 Elm St","Here, OH"]}`, []record.Field{field("l", "1 Elm St was the place, Here, OH was not")}, Share{0, 2}, Share{0, 1}, Share{1, 1}, Share{}},
		{"any reading", `{"l":{"any":["1st","1"]}}`, []record.Field{field("l", "1")}, Share{1, 1}, Share{1, 1}, Share{0, 1}, Share{}},
		{"blank left blank", `{"l":null}`, nil, Share{}, Share{}, Share{}, Share{1, 1}},
		{"blank filled", `{"l":null}`, []record.Field{field("l", "x")}, Share{}, Share{0, 1}, Share{1, 1}, Share{0, 1}},
		{"signature", `{"signed":"present"}`, []record.Field{field("signed", "J Doe")}, Share{1, 1}, Share{1, 1}, Share{0, 1}, Share{}},
		{"signature absent", `{"signed":"present"}`, []record.Field{field("signed", "absent")}, Share{0, 1}, Share{0, 1}, Share{1, 1}, Share{}},
		{"missing", `{"mrn":"123"}`, []record.Field{{Name: "mrn", State: record.Missing}}, Share{0, 1}, Share{}, Share{}, Share{}},
		{"raw will do", `{"dob":"1/6/58"}`, []record.Field{{Name: "dob", Raw: "1/6/58", Value: new(string), State: record.Review}}, Share{1, 1}, Share{}, Share{}, Share{}},
	} {
		r := Document(want(t, fmt.Sprintf(lab, c.fields)), rec("lab_report", c.got...), nil)
		if r.Recall != c.recall || r.Precision != c.precise || r.Wrong != c.wrong || r.Blanks != c.blanks {
			t.Errorf("%s: recall %v precision %v wrong %v blanks %v", c.name, r.Recall, r.Precision, r.Wrong, r.Blanks)
		}
	}
}

func TestUnnamedValuesAreNotInvented(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"lab_report","unnamed":{"fasting":"Yes"}}`)
	r := Document(d, rec("lab_report", field("q.fasting", "Yes"), field("q.other", "nonsense")), nil)
	if r.Precision != (Share{0, 1}) || r.Anywhere != (Share{1, 1}) {
		t.Errorf("precision %v anywhere %v", r.Precision, r.Anywhere)
	}
}

func TestClaimBoxesThatAreNotListedAreBlank(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"cms1500","fields":{"1a":"111"}}`)
	r := Document(d, rec("cms1500", field("1a", "111"), field("19", "stray")), nil)
	if r.Blanks != (Share{0, 1}) || r.Wrong != (Share{1, 2}) {
		t.Errorf("blanks %v wrong %v", r.Blanks, r.Wrong)
	}
}

func TestTicksAndLabels(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"consent","fields":{"q.sick":"No","q.hurt":"Y","q.open":null},"ticks":["q.sick","q.hurt","q.open"],
		"labels":{"q.sick":"Are you sick today?","q.hurt":"Does anything hurt?","q.open":"Anything else?"}}`)
	sick, hurt := field("q.are_you", "false"), field("q.anything", "YES")
	sick.Label, hurt.Label = "1. Are you sick today?", "Does anythlng hurt"
	r := Document(d, rec("consent", sick, hurt), nil)
	if r.Ticks != (Share{3, 3}) || r.Recall != (Share{2, 2}) {
		t.Errorf("ticks %v recall %v misses %v", r.Ticks, r.Recall, r.Misses)
	}
	hurt.Value = ptr("N")
	hurt.Raw = "N"
	if r := Document(d, rec("consent", sick, hurt), nil); r.Ticks != (Share{2, 3}) {
		t.Errorf("an inverted answer: ticks %v", r.Ticks)
	}
}

func ptr(s string) *string { return &s }

func TestTypesAndSegments(t *testing.T) {
	t.Parallel()
	one := want(t, `{"id":"a","doc_type":"lab_report","loinc":"11502-2"}`)
	for name, c := range map[string]struct {
		types []string
		right int
	}{
		"right": {[]string{"lab_report"}, 1}, "unknown aside": {[]string{"unknown", "lab_report"}, 1}, "one wrong": {[]string{"lab_report", "eob"}, 0},
		"nothing but unknown": {[]string{"unknown"}, 0}, "no segment": {nil, 0},
	} {
		got := &record.Record{}
		for _, k := range c.types {
			got.Segments = append(got.Segments, record.Segment{Type: record.Type(k)})
		}
		if r := Document(one, got, nil); r.Type != (Share{c.right, 1}) {
			t.Errorf("%s: type %v", name, r.Type)
		}
	}
	stack := want(t, `{"id":"a","segments":[{"type":"fax_cover_sheet","pages":[1,1]},{"type":["eob","remittance"],"pages":[2,3]}]}`)
	got := &record.Record{Segments: []record.Segment{{Type: "fax_cover_sheet", Pages: [2]int{1, 1}}, {Type: "remittance", Pages: [2]int{2, 3}}}}
	if r := Document(stack, got, nil); r.Type != (Share{2, 2}) || r.Kind != "stack" {
		t.Errorf("stack: type %v kind %s", r.Type, r.Kind)
	}
	got.Segments[1].Pages = [2]int{2, 2}
	if r := Document(stack, got, nil); r.Type != (Share{1, 2}) {
		t.Errorf("wrong pages: type %v", r.Type)
	}
}

func row(cells ...string) map[string]record.Field {
	m := map[string]record.Field{}
	for i := 0; i < len(cells); i += 2 {
		m[cells[i]] = field(cells[i], cells[i+1])
	}
	return m
}

func TestLines(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"lab_report","lines":[{"test":"Sodium","value":"140","flag":null},{"test":"Potassium","value":"4.1"},{"test":"Chloride","value":"101"}]}`)
	got := rec("lab_report")
	got.Segments[0].Lines = []map[string]record.Field{row("test", "Potassium", "value", "4.7"), row("test", "Sodium", "value", "140", "flag", "H"), row("test", "Page", "value", "1")}
	r := Document(d, got, nil)
	if r.Rows != (Share{2, 3}) || r.RowsExtra != 1 || r.Cells != (Share{3, 6}) || r.CellsPrecise != (Share{3, 7}) || r.Blanks != (Share{0, 1}) {
		t.Errorf("rows %v extra %d cells %v precise %v blanks %v", r.Rows, r.RowsExtra, r.Cells, r.CellsPrecise, r.Blanks)
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"lab_report","fields":{"mrn":"123","dob":"1/2/2000"},"boxes":{"mrn":[1,0.1,0.1,0.2,0.02],"dob":[1,0.5,0.5,0.1,0.02]}}`)
	r := Document(d, rec("lab_report", field("mrn", "123"), field("dob", "1/2/2000")), nil)
	if r.Boxes != (Share{1, 2}) || r.Covered != (Share{1, 2}) {
		t.Errorf("boxes %v covered %v", r.Boxes, r.Covered)
	}
	page := field("mrn", "123")
	page.Box = document.Box{W: 1, H: 1}
	if r := Document(d, rec("lab_report", page), nil); r.Boxes != (Share{0, 1}) || r.Covered != (Share{1, 1}) {
		t.Errorf("a box of the whole page: boxes %v covered %v", r.Boxes, r.Covered)
	}
}

func TestEntities(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"progress_note","entities":[{"text":"chest pain","type":"problem"},{"text":"fever","type":"problem","negated":true},
		{"text":"breast cancer","type":"problem","experiencer":"family"},{"text":"NKDA","type":"allergy","negated":null},{"text":"cough","type":"problem","hypothetical":true}]}`)
	got := rec("progress_note")
	got.Segments[0].Entities = []record.Entity{
		{Text: "severe chest pain", Type: record.Problem}, {Text: "fever", Type: record.Problem}, {Text: "cancer", Type: record.Procedure, Experiencer: "family"},
		{Text: "NKDA", Type: record.Allergy, Negated: true}, {Text: "cough", Type: record.Problem, Hypothetical: true}, {Text: "knee", Type: record.Anatomy}, {Text: "rash", Type: record.Problem},
	}
	r := Document(d, got, nil)
	if r.Entities != (Share{5, 5}) || r.EntityTypes != (Share{4, 5}) || r.Assertions != (Share{4, 5}) || r.EntitiesPrecise != (Share{5, 6}) {
		t.Errorf("found %v types %v assertions %v precise %v", r.Entities, r.EntityTypes, r.Assertions, r.EntitiesPrecise)
	}
}

func TestFlagsAndChecks(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"lab_report","fields":{"a":"1","b":"2"},"boxes":{"a":[1,0.1,0.1,0.2,0.1]},
		"flags":[{"code":["x","y"],"fields":["a"]},{"code":"z","fields":["b"]}],"checks":{"sum_mismatch":false,"date_order":false}}`)
	got := rec("lab_report")
	got.Segments[0].Flags = []record.Flag{{Code: "y", Severity: record.SeverityError, Evidence: []record.Evidence{{Page: 1, Box: document.Box{X: 0.15, Y: 0.15, W: 0.1, H: 0.1}}}},
		{Code: "sum_mismatch", Severity: record.SeverityWarning}, {Code: "page_rotated", Severity: record.SeverityInfo}}
	r := Document(d, got, nil)
	if r.Flags != (Share{1, 2}) || r.FlagEvidence != (Share{1, 2}) || r.Checks != (Share{1, 2}) || r.FlagsExtra["sum_mismatch"] != 1 || r.FlagsExtra["page_rotated"] != 0 {
		t.Errorf("flags %v evidence %v checks %v extra %v", r.Flags, r.FlagEvidence, r.Checks, r.FlagsExtra)
	}
}

const testBundle = `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condition","code":{"text":"Fever, unspecified"},"verificationStatus":{"coding":[{"code":"unconfirmed"}]}}},
	{"resource":{"resourceType":"Immunization","lotNumber":"A","contained":[{"resourceType":"Organization","name":"AWS"}]}}]}`

func TestMustNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule string
		held int
	}{
		"a resource":                  {`{"resourceType":"Condition","where":{"code":"fever"},"count":0}`, 0},
		"whole words only":            {`{"resourceType":"Condition","where":{"code":"specified"},"count":0}`, 1},
		"with an exception":           {`{"resourceType":"Condition","where":{"code":"fever","verificationStatus.coding.code":{"not":"unconfirmed"}},"count":0}`, 1},
		"without the exception":       {`{"resourceType":"Condition","where":{"code":"fever","verificationStatus.coding[0].code":{"not":"refuted"}},"count":0}`, 0},
		"nothing there":               {`{"resourceType":"Immunization","where":{"occurrenceDateTime":null},"count":0}`, 0},
		"something there":             {`{"resourceType":"Immunization","where":{"lotNumber":"*"},"count":0}`, 0},
		"contained":                   {`{"resourceType":"Organization","where":{"name":"AWS"},"count":0}`, 0},
		"an accepted field":           {`{"field":"mrn","notEquals":"123"}`, 0},
		"another value":               {`{"field":"mrn","notEquals":"12"}`, 1},
		"a field in review":           {`{"field":"doubt","notEquals":"9"}`, 1},
		"a cell":                      {`{"field":"value","notEquals":"140"}`, 0},
		"any field of a page":         {`{"field":"*","notEquals":"*","page":2}`, 1},
		"any field of page 1":         {`{"field":"*","notEquals":"*","page":1}`, 0},
		"an affirmed mention":         {`{"entity":"rash","asserted":true}`, 0},
		"a denied mention":            {`{"entity":"fever","asserted":true}`, 1},
		"any mention of another page": {`{"entity":"*","asserted":true,"page":2}`, 1},
		"a flag that is missing":      {`{"flag":["sum_mismatch"],"raised":false}`, 0},
		"a flag that is raised":       {`{"flag":["a","b"],"raised":false}`, 1},
	} {
		d := want(t, `{"id":"a","doc_type":"lab_report","must_not":[`+c.rule+`]}`)
		got := rec("lab_report", field("mrn", "123"), in(field("doubt", "9"), record.Review))
		s := &got.Segments[0]
		s.Lines = []map[string]record.Field{row("value", "140")}
		s.Entities = []record.Entity{{Text: "skin rash", Page: 1, Experiencer: "patient"}, {Text: "fever", Page: 1, Negated: true}}
		s.Flags = []record.Flag{{Code: "b"}}
		got.Bundle = json.RawMessage(testBundle)
		if r := Document(d, got, nil); r.MustNot != (Share{c.held, 1}) {
			t.Errorf("%s: %v", name, r.MustNot)
		}
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	d := want(t, `{"id":"a","doc_type":"lab_report","fhir":[{"resourceType":"Condition","expr":"yes"},{"resourceType":"Condition","expr":"no"},{"resourceType":"Patient","expr":"yes"},{"resourceType":"Bundle","expr":"yes"}]}`)
	got := rec("lab_report")
	got.Bundle = json.RawMessage(testBundle)
	r := Document(d, got, func(_ *fhir.Node, expression string) (bool, error) { return expression == "yes", nil })
	if r.FHIR != (Share{2, 4}) {
		t.Errorf("fhir %v", r.FHIR)
	}
	if r := Document(d, got, nil); r.FHIR != (Share{}) {
		t.Errorf("without an evaluator nothing is counted: %v", r.FHIR)
	}
}

// TestListingEverythingScoresBadly: a record that gives every run of words of the page,
// under names of its own or under every name that is expected, must not look good.
func TestListingEverythingScoresBadly(t *testing.T) {
	t.Parallel()
	page := strings.Fields("Bluestem Diagnostics Patient Eastwick Imani DOB 02/24/1977 Sex F MRN 62189083 Accession L-3691710 Sodium 140 mmol/L 135-146 Potassium 4.1 mmol/L 3.5-5.3")
	d := want(t, `{"id":"a","doc_type":"lab_report","fields":{"patient":"Eastwick Imani","dob":"02/24/1977","sex":"F","mrn":"62189083","account":"L-3691710"},
		"lines":[{"test":"Sodium","value":"140"},{"test":"Potassium","value":"4.1"}],"entities":[{"text":"Sodium","type":"test"}]}`)
	own, wanted := rec("lab_report"), rec("lab_report")
	for i := range page {
		for j := i + 1; j <= len(page); j++ {
			gram := strings.Join(page[i:j], " ")
			own.Segments[0].Fields = append(own.Segments[0].Fields, field(fmt.Sprintf("gram%d_%d", i, j), gram))
			for _, name := range []string{"patient", "dob", "sex", "mrn", "account"} {
				wanted.Segments[0].Fields = append(wanted.Segments[0].Fields, field(name, gram))
			}
			for _, s := range []*record.Segment{&own.Segments[0], &wanted.Segments[0]} {
				s.Lines = append(s.Lines, row("test", gram, "value", gram))
				s.Entities = append(s.Entities, record.Entity{Text: gram, Type: record.Problem})
			}
		}
	}
	for name, got := range map[string]*record.Record{"names of its own": own, "expected names": wanted} {
		r := Document(d, got, nil)
		if r.Recall.Right != 0 || r.Precision.Right != 0 || r.Precision.Of < 100 {
			t.Errorf("%s: recall %v precision %v", name, r.Recall, r.Precision)
		}
		if share := float64(r.CellsPrecise.Right) / float64(r.CellsPrecise.Of); share > 0.05 {
			t.Errorf("%s: cells precise %v", name, r.CellsPrecise)
		}
		if share := float64(r.Wrong.Right) / float64(r.Wrong.Of); share < 0.9 {
			t.Errorf("%s: wrong %v", name, r.Wrong)
		}
		if share := float64(r.EntitiesPrecise.Right) / float64(r.EntitiesPrecise.Of); share > 0.05 {
			t.Errorf("%s: entities precise %v", name, r.EntitiesPrecise)
		}
		if r.Anywhere.Right != r.Anywhere.Of {
			t.Errorf("%s: anywhere %v: the second figure is the one that such a record reaches", name, r.Anywhere)
		}
	}
}
