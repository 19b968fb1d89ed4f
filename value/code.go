package value

import (
	"regexp"
	"strings"
)

// CodeForm is the family that a printed code has the shape of. Shape is not existence:
// whether a code is in a release is for package terminology.
type CodeForm string

const (
	FormICD10CM  CodeForm = "icd10cm"
	FormICD9CM   CodeForm = "icd9cm"
	FormICD10PCS CodeForm = "icd10pcs"
	FormCPT      CodeForm = "cpt"
	FormHCPCS    CodeForm = "hcpcs"
)

// Shapes: document-types.md §2.7.
var forms = []struct {
	form  CodeForm
	shape *regexp.Regexp
}{
	{FormICD10CM, regexp.MustCompile(`^[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?$`)},
	{FormICD9CM, regexp.MustCompile(`^([0-9]{3}(\.?[0-9]{1,2})?|V[0-9]{2}(\.?[0-9]{1,2})?|E[0-9]{3}(\.?[0-9])?)$`)},
	{FormICD10PCS, regexp.MustCompile(`^[0-9A-HJ-NP-Z]{7}$`)},
	{FormCPT, regexp.MustCompile(`^[0-9]{4}[0-9A-Z]$`)},
	{FormHCPCS, regexp.MustCompile(`^[A-Z][0-9]{4}$`)},
}

// ParseCode reads a code of one of the wanted families: upper case, no blanks, and for ICD
// the point put in where it was not printed.
func ParseCode(s string, wanted ...CodeForm) (v string, form CodeForm, ok bool) {
	if len(s) > 16 {
		return "", "", false
	}
	v = strings.ToUpper(strings.ReplaceAll(fold(s), " ", ""))
	for _, f := range forms {
		for _, w := range wanted {
			if f.form == w && f.shape.MatchString(v) {
				return pointed(v, w), w, true
			}
		}
	}
	return "", "", false
}

func pointed(v string, form CodeForm) string {
	at := 3
	switch {
	case form != FormICD10CM && form != FormICD9CM || strings.Contains(v, "."):
		return v
	case form == FormICD9CM && v[0] == 'E':
		at = 4
	}
	if len(v) <= at {
		return v
	}
	return v[:at] + "." + v[at:]
}
