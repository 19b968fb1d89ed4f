package clinical

import (
	"os"
	"strings"
	"testing"

	"chartlake/record"
)

// TestAllergies reads what is said of allergies as it was written down before the rules: the
// allergens with their reactions, "none" for the statement that none is known. Of the half that is
// apart only the number is looked at.
func TestAllergies(t *testing.T) {
	t.Parallel()
	e, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		apart bool
		exact float64
	}{{"allergies.txt", false, 0.95}, {"allergies-apart.txt", true, 0.85}} {
		data, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		n, right := 0, 0
		for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			text, want, _ := strings.Cut(line, " =>")
			got := allergies(e.Annotate(strings.ReplaceAll(text, `\n`, "\n")))
			n++
			if want = strings.TrimSpace(want); got == want {
				right++
			} else if !c.apart {
				t.Logf("%s:\n got  %s\n want %s", text, got, want)
			}
		}
		t.Logf("%s: %d of %d", c.file, right, n)
		if float64(right) < c.exact*float64(n) {
			t.Errorf("%s: %d of %d", c.file, right, n)
		}
	}
}

// allergies writes the allergies that may be filed in one line.
func allergies(f Findings) string {
	var out []string
	for _, m := range f.Entities {
		if m.Type != record.Allergy || m.Negated || m.Hypothetical || m.State != record.Accepted || m.Experiencer != "patient" {
			continue
		}
		s := m.Text
		if noKnownRE.MatchString(s) {
			s = "none"
		}
		if r := m.Attributes["reaction"]; r != "" {
			s += " [" + r + "]"
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}
