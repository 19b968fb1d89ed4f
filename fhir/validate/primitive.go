package validate

import (
	"strconv"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// maxText is the limit of R4 for strings (1 MiB); base64Binary has none of its own.
const maxText = 1 << 20

// primitiveElement checks a primitive and its id and extensions.
func (c *check) primitiveElement(n, extras *fhir.Node, e *definition.Element, t *definition.Type, at path) {
	if extras.Kind() == fhir.Null {
		extras = nil
	}
	if extras != nil {
		if extras.Kind() != fhir.Object {
			c.add("structure", at, "the extensions of a primitive are a JSON object")
		} else {
			c.object(extras, t.Root, t, at)
		}
	}
	if n.Kind() == fhir.Null {
		if n != nil && extras == nil {
			c.add("structure", at, "null stands where there is no extension either")
		}
		return
	}
	if !rightKind(t, n.Kind()) {
		c.add("structure", at, "the JSON kind does not fit the type "+t.Name)
		return
	}
	if why := malformed(t, n.Text()); why != "" {
		c.add("value", at, "not a valid "+t.Name+why)
		return
	}
	c.code(n.Text(), e, t, at)
}

func rightKind(t *definition.Type, k fhir.Kind) bool {
	switch {
	case t.Name == "boolean":
		return k == fhir.Bool
	case t.Name == "decimal" || t.Is("integer"):
		return k == fhir.Number
	}
	return k == fhir.String
}

// malformed says what is wrong with the text of a primitive, "" when nothing is. The rules
// are the regular expressions of R4, written out because they run on every write; a test
// compares the two. Dates must also exist.
func malformed(t *definition.Type, text string) string {
	if text == "" {
		return ": it is empty"
	}
	switch t.Name {
	case "boolean", "decimal":
		return "" // JSON has said so
	case "integer", "positiveInt", "unsignedInt":
		return integer(t.Name, text)
	case "date", "dateTime", "instant", "time":
		return moment(t.Name, text)
	case "xhtml":
		return narrative(text)
	case "base64Binary":
		if !base64(text) {
			return ": it is not base64"
		}
		return ""
	}
	if len(text) > maxText {
		return ": it is too long"
	}
	ok := true
	switch t.Name {
	case "id":
		ok = isID(text)
	case "code":
		ok = isCode(text)
	case "oid":
		ok = isOID(text)
	case "uuid":
		ok = isUUID(text)
	case "uri", "url", "canonical":
		ok = noSpace(text)
	default: // string, markdown
		ok = printable(text)
	}
	if !ok {
		return ": it has another form"
	}
	return ""
}

func integer(name, text string) string {
	i, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err != nil, strconv.FormatInt(i, 10) != text && text != "-0":
		return ": it is no whole number of 32 bits"
	case name == "positiveInt" && i < 1, name == "unsignedInt" && (i < 0 || text[0] == '-'):
		return ": it is too small"
	}
	return ""
}

func moment(name, text string) string {
	if name == "time" {
		if _, err := parseClock(text); err != nil {
			return ": it has another form"
		}
		return ""
	}
	t, ok := fhirpath.ParseDate(text)
	switch {
	case !ok:
		return ": it has another form or does not exist"
	case t.Precision > fhirpath.Day && (t.Precision < fhirpath.Second || !t.HasZone):
		return ": a time has seconds and a zone"
	case t.Precision > fhirpath.Day && name == "date", t.Precision < fhirpath.Second && name == "instant":
		return ": it has another precision"
	case text[len(text)-1] == 'T':
		return ": it has another form or does not exist"
	}
	return ""
}

// parseClock reads hh:mm:ss(.f+)?; a leap second is allowed.
func parseClock(text string) (fhirpath.Temporal, error) {
	t, ok := fhirpath.ParseDate("2000-01-01T" + text)
	if !ok || t.Precision != fhirpath.Second || t.HasZone {
		return t, strconv.ErrSyntax
	}
	return t, nil
}

func isID(s string) bool {
	if len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !alphanumeric(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// space is \s of the regular expressions.
func space(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' && c != '\v' }

// isCode wants words with single spaces between them.
func isCode(s string) bool {
	for i := 0; i < len(s); i++ {
		if space(s[i]) && (i == 0 || i == len(s)-1 || space(s[i-1])) {
			return false
		}
	}
	return true
}

func noSpace(s string) bool {
	for i := 0; i < len(s); i++ {
		if space(s[i]) {
			return false
		}
	}
	return true
}

// printable refuses the form feed only, the one white space that is neither a blank nor a
// line end nor a tab.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '\f' {
			return false
		}
	}
	return true
}

// isOID wants urn:oid: and arcs, of which the first is 0, 1 or 2, without leading zeros.
func isOID(s string) bool {
	const prefix = "urn:oid:"
	if len(s) < len(prefix)+3 || s[:len(prefix)] != prefix {
		return false
	}
	s = s[len(prefix):]
	if s[0] > '2' || s[0] < '0' || s[1] != '.' {
		return false
	}
	start := 2
	for i := 2; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if i == start || i > start+1 && s[start] == '0' {
				return false
			}
			start = i + 1
		} else if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func isUUID(s string) bool {
	const form = "urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	if len(s) != len(form) {
		return false
	}
	for i := range len(form) {
		c := s[i]
		if form[i] == 'x' {
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		} else if c != form[i] {
			return false
		}
	}
	return true
}

// base64 wants groups of four characters with white space between groups only where R4's
// expression allows it; "=" may close the last group.
func base64(s string) bool {
	n, pad := 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case space(c):
			if n%4 != 0 {
				return false
			}
		case c == '=':
			n, pad = n+1, pad+1
		case alphanumeric(c) || c == '+' || c == '/':
			if pad > 0 {
				return false
			}
			n++
		default:
			return false
		}
	}
	return n > 0 && n%4 == 0 && pad <= 2
}
