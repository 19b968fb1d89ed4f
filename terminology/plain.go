package terminology

import (
	"regexp"
	"strings"
)

var (
	brackets    = regexp.MustCompile(`\s*[\[(][^\])]*[\])]`)
	qualifiers  = regexp.MustCompile(`(?i),? (unspecified|nos|not otherwise specified|without complications?|uncomplicated|unspecified site|unspecified organism)$`)
	unspecified = regexp.MustCompile(`(?i)^unspecified `)
)

// Plain takes what notes do not write out of a title of ICD-10-CM: brackets, "unspecified" and the like.
func Plain(s string) string {
	s = brackets.ReplaceAllString(s, "")
	for {
		t := qualifiers.ReplaceAllString(unspecified.ReplaceAllString(strings.TrimSpace(s), ""), "")
		if t == s {
			return s
		}
		s = t
	}
}
