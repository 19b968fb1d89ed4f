package roster

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/fault"
	"chartlake/fhir"
)

func convert(t testing.TB, text string) (out string, refused []string, err error) {
	t.Helper()
	var w strings.Builder
	err = Convert(strings.NewReader(text), &w, func(line int, err error) {
		refused = append(refused, fmt.Sprint(line, " ", fault.As(err).Code))
	})
	return w.String(), refused, err
}

func TestPatients(t *testing.T) {
	t.Parallel()
	out, refused, err := convert(t, "\ufeffMRN;Facility;Last name;First;MI;Date of birth;Sex;Phone;Street;City;State;ZIP;Payer;Member ID\r\n"+
		"778-1;Lakeside;Fairweather;Ada;B;11/02/1961;F;(555) 555-0101;\"1 Quay Street; rear\";Harbor Town;ME;04401;Evergreen;W9\r\n"+
		";;Nobody;No;;;;;;;;;;\r\n"+
		";;;;;;;;;;;;;\r\n"+
		"778-2;Lakeside;Okoro;Ben;;31/31/1980;M;;;;;;;\r\n"+
		"778-3;Lakeside;Tarn;Cleo;;1990-04-07;q;;;;;;;\r\n"+
		"too;few\r\n"+
		"778-4;Lakeside;Beck;Dana;;1990-04-07;u;;;;;;;\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"3 roster_no_id", "5 roster_bad_date", "6 roster_bad_sex", "7 roster_width"}, refused); d != "" {
		t.Errorf("refused (-want +got)\n%s", d)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d resources:\n%s", len(lines), out)
	}
	p, err := fhir.Parse([]byte(lines[0]))
	if err != nil {
		t.Fatal(err)
	}
	p.Set("id", fhir.NewString("-"))
	want := `{"resourceType":"Patient","id":"-","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"778-1","assigner":{"display":"Lakeside"}},` +
		`{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"}]},"value":"W9","assigner":{"display":"Evergreen"}}],` +
		`"name":[{"family":"Fairweather","given":["Ada","B"]}],"telecom":[{"system":"phone","value":"(555) 555-0101"}],"gender":"female","birthDate":"1961-11-02",` +
		`"address":[{"line":["1 Quay Street; rear"],"city":"Harbor Town","state":"ME","postalCode":"04401"}]}`
	if d := cmp.Diff(want, string(p.AppendJSON(nil))); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	again, _, _ := convert(t, "facility,mrn\nLAKESIDE,778-1\n")
	one, _ := fhir.Parse([]byte(lines[0]))
	two, err := fhir.Parse([]byte(again))
	if err != nil || one.ID() != two.ID() {
		t.Errorf("the same record number is %s and %s; %v", one.ID(), two.ID(), err)
	}
}

func TestHeadsAreKnown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, code string }{
		"empty":                 {"", "roster_empty"},
		"a file without a head": {"778-1,Fairweather,Ada\n", "roster_column"},
		"a column twice":        {"mrn,family,last name\n", "roster_column"},
		"nothing to know by":    {"family,given\n", "roster_column"},
		"a row without end":     {"mrn,family\n1,\"" + strings.Repeat("a", 3*rowMax), "roster_row"},
		"a head without end":    {strings.Repeat("a", 3*rowMax), "roster_row"},
		"too many columns":      {strings.Repeat("mrn,", columnMax) + "id\n", "roster_columns"},
	} {
		_, _, err := convert(t, c.text)
		if f := fault.As(err); f == nil || f.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if err != nil && (strings.Contains(err.Error(), "Fairweather") || strings.Contains(err.Error(), "778")) {
			t.Errorf("%s: the error repeats the file", name)
		}
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	quoted := func(cells ...string) string { return `"` + strings.Join(cells, `","`) + "\"\n" }
	out, refused, err := convert(t, quoted(npi, entity, "Replacement NPI", organisation, lastName, firstName, credential, practice, city, state, zip, telephone, taxonomy, deactivated, reactivated)+
		quoted("1234567893", "1", "", "", "FENN", "TOBIAS", "M.D.", "1 QUAY STREET", "HARBOR TOWN", "ME", "044010000", "5555550101", "207R00000X", "", "")+
		quoted("1245319599", "2", "", "LAKESIDE REGIONAL", "", "", "", "1 QUAY STREET", "HARBOR TOWN", "ME", "04401", "", "", "", "")+
		quoted("1234567890", "1", "", "", "WRONG", "DIGIT", "", "", "", "", "", "", "", "", "")+
		quoted("1679576722", "", "", "", "", "", "", "", "", "", "", "", "", "01/02/2020", ""))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"4 roster_bad_npi"}, refused); d != "" {
		t.Errorf("refused (-want +got)\n%s", d)
	}
	want := `{"resourceType":"Practitioner","id":"npi-1234567893","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"1234567893"}],"active":true,` +
		`"name":[{"family":"FENN","given":["TOBIAS"],"suffix":["M.D."]}],"telecom":[{"system":"phone","value":"5555550101"}],"address":[{"line":["1 QUAY STREET"],"city":"HARBOR TOWN","state":"ME","postalCode":"044010000"}],` +
		`"qualification":[{"code":{"coding":[{"system":"http://nucc.org/provider-taxonomy","code":"207R00000X"}]}}]}` + "\n" +
		`{"resourceType":"Organization","id":"npi-1245319599","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"1245319599"}],"active":true,"name":"LAKESIDE REGIONAL",` +
		`"address":[{"line":["1 QUAY STREET"],"city":"HARBOR TOWN","state":"ME","postalCode":"04401"}]}` + "\n"
	if d := cmp.Diff(want, out); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// FuzzConvert: whatever the file, each line written is a resource with an id, and no error but a fault.
func FuzzConvert(f *testing.F) {
	f.Add("mrn,family\n1,a\n")
	f.Add("id;sex\n\"1\n;f\n")
	f.Add("NPI,Entity Type Code\n1234567893,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		out, _, err := convert(t, text)
		if err != nil && fault.As(err) == nil && !errors.Is(err, io.EOF) {
			t.Fatalf("%v", err)
		}
		for line := range strings.Lines(out) {
			if n, err := fhir.Parse([]byte(line)); err != nil || n.ID() == "" {
				t.Fatalf("%q: %v", line, err)
			}
		}
	})
}
