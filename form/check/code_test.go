package check

import (
	"errors"
	"strings"
	"testing"

	"chartlake/record"
)

// TestCoded: a code is held against the release of its day, and flags say which.
func TestCoded(t *testing.T) {
	t.Parallel()
	codes := func(code, day string) (Standing, error) {
		if day < "2025-10-01" {
			return Standing{}, nil
		}
		s := Standing{Release: "ICD-10-CM 2026"}
		switch code {
		case "R05.1":
			s.Found, s.Billable = true, true
		case "R05":
			s.Found = true
		case "Z99.9":
			s.Other = "ICD-10-CM 2021"
		}
		return s, nil
	}
	for name, c := range map[string]struct{ typ, fields, day, want string }{
		"a code":                {"cms1500", "21.A=R05.1", "2026-01-05", ""},
		"a heading":             {"cms1500", "21.A=R05", "2026-01-05", "code_not_billable"},
		"a heading on a letter": {"referral", "dx=R05; date=2026-01-05", "", ""},
		"no code":               {"cms1500", "21.A=R05.7", "2026-01-05", "code_unknown"},
		"a code of before":      {"ub04", "FL67=Z99.9; FL6.through=2026-01-05", "", "code_not_valid_on_date"},
		"no release of the day": {"cms1500", "21.A=R05.7", "2025-01-05", ""},
		"no day":                {"cms1500", "21.A=R05.7", "", ""},
		"in doubt already":      {"cms1500", "21.A=?R05.7", "2026-01-05", ""},
		"another form":          {"cms1500", "21.A=786.2", "2026-01-05", ""},
		"whether on admission":  {"ub04", "FL67.poa=Y; FL6.through=2026-01-05", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := ""
			if c.day != "" {
				lines = "24A.from=" + c.day
			}
			s := segment(record.Type(c.typ), c.fields, lines)
			s.Flags = nil
			if err := Coded(s, codes); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range s.Flags {
				got = append(got, f.Code)
				if len(f.Evidence) == 0 || !strings.Contains(f.Message, "ICD-10-CM 2026") {
					t.Errorf("flag %+v", f)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("flags %v, want %q", got, c.want)
			}
		})
	}
	broken := errors.New("broken")
	if err := Coded(segment("cms1500", "21.A=R05", "24A.from=2026-01-05"), func(string, string) (Standing, error) { return Standing{}, broken }); !errors.Is(err, broken) {
		t.Errorf("an error of the tables: %v", err)
	}
}
