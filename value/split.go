package value

import "strings"

// affixes are name parts that are neither family nor given name.
var affixes = map[string]bool{"jr": true, "sr": true, "ii": true, "iii": true, "iv": true, "md": true, "phd": true,
	"mr": true, "mrs": true, "ms": true, "miss": true, "dr": true}

// SplitName splits a printed name: "Family, Given Middle" where there is a comma, otherwise
// the last word that is no title, suffix or credential is the family name. The split is for
// comparison and for Patient.name; Patient.name.text keeps the printed form.
func SplitName(name string) (family string, given []string) {
	if before, after, ok := strings.Cut(name, ","); ok {
		if g := withoutAffixes(strings.Fields(strings.ReplaceAll(after, ",", " "))); len(g) > 0 {
			return strings.Join(withoutAffixes(strings.Fields(before)), " "), g
		}
		name = before
	}
	words := withoutAffixes(strings.Fields(name))
	if len(words) == 0 {
		return "", nil
	}
	return words[len(words)-1], words[:len(words)-1]
}

func withoutAffixes(words []string) []string {
	var kept []string
	for _, w := range words {
		if !affixes[strings.ToLower(strings.Trim(w, ".,"))] {
			kept = append(kept, w)
		}
	}
	return kept
}
