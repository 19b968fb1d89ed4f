package value

import (
	"regexp"
	"strings"
	"unicode"
)

// Name is a person's name. Family and Given are set only where the printed form says which
// is which: "Doe, John A". Printed keeps the order of the paper without title, suffix and
// credentials.
type Name struct {
	Printed                                   string
	Family, Given, Middle, Suffix, Credential string
	Title                                     string
}

// String is "Family, Given, Middle" where the form says so, else the printed order.
func (n Name) String() string {
	if n.Family == "" {
		return n.Printed
	}
	s := n.Family + ", " + n.Given
	if n.Middle != "" {
		s += ", " + n.Middle
	}
	return s
}

var (
	titles      = regexp.MustCompile(`^(?i)(dr|mr|mrs|ms|miss|prof)\.? `)
	suffixes    = regexp.MustCompile(`(?i)[, ]+(jr|sr|ii|iii|iv)\.?$`)
	credentials = regexp.MustCompile(`[, ]+(?:M\.?D\.?|D\.?O\.?|Ph\.?D\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?-?C?|DNP|APRN|ARNP|FNP(?:-[A-Z]+)?|CRNA|PharmD|R\.?Ph\.?|DDS|DMD|DPM|OD|MBBS|MPH|MSN|BSN|MS|LPN|CNM|MT\(?ASCP\)?|FACP|FACS|FACC|DPT|LCSW|DC)\.?$`)
	nameWord    = regexp.MustCompile(`^[\p{L}][\p{L}\p{M}'’.\-]*$`)
)

// ParseName reads a person's name. It refuses what has digits, no letter pair, or more than
// seven words.
func ParseName(s string) (n Name, reasons []string, ok bool) {
	rest := strings.Trim(fold(s), " ,;:")
	if len(rest) < 2 || len(rest) > 80 {
		return Name{}, nil, false
	}
	if m := titles.FindString(rest); m != "" {
		n.Title, rest = strings.TrimSpace(m), rest[len(m):]
	}
	for {
		if at := credentials.FindStringIndex(rest); at != nil && at[0] > 0 {
			n.Credential = strings.Trim(strings.Trim(rest[at[0]:], ", ")+" "+n.Credential, " ")
			rest = rest[:at[0]]
			continue
		}
		at := suffixes.FindStringSubmatchIndex(rest)
		if at == nil || at[0] == 0 || n.Suffix != "" {
			break
		}
		n.Suffix, rest = rest[at[2]:at[3]], rest[:at[0]]
	}
	n.Printed = strings.Trim(rest, " ,")
	words := strings.Fields(strings.ReplaceAll(n.Printed, ",", " , "))
	letters := 0
	for _, w := range words {
		if w != "," && !nameWord.MatchString(w) {
			return Name{}, nil, false
		}
		for _, r := range w {
			if unicode.IsLetter(r) {
				letters++
			}
		}
	}
	if letters < 2 || len(words) > 7 {
		return Name{}, nil, false
	}
	family, given, comma := strings.Cut(n.Printed, ",")
	switch {
	case strings.Contains(given, ","):
		reasons = append(reasons, "more than one comma in the name")
	case comma && strings.TrimSpace(given) != "":
		parts := strings.Fields(given)
		n.Family, n.Given, n.Middle = strings.TrimSpace(family), parts[0], strings.Join(parts[1:], " ")
	}
	return n, reasons, true
}
