package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

func indexOf(_ *run, s string, a []string) []Value {
	return runeIndex(s, strings.Index(s, a[0]))
}

func lastIndexOf(_ *run, s string, a []string) []Value {
	return runeIndex(s, strings.LastIndex(s, a[0]))
}

// runeIndex turns a byte offset into a count of characters.
func runeIndex(s string, i int) []Value {
	if i > 0 {
		i = utf8.RuneCountInString(s[:i])
	}
	return one(integer(int64(i)))
}

func substring(args []step) step {
	return func(r *run, in []Value) []Value {
		v, ok := r.single(in)
		if !ok {
			return nil
		}
		s, ok := v.str()
		if !ok {
			return r.fail("substring() takes a string, not a %s", v.Type())
		}
		start, ok := r.integer(args[0](r, r.scope.this))
		if !ok {
			return nil
		}
		chars := []rune(s)
		n := int64(len(chars))
		if start < 0 || start >= n {
			return nil
		}
		if len(args) == 2 {
			if want, ok := r.integer(args[1](r, r.scope.this)); ok {
				n = min(n, start+max(want, 0))
			}
		}
		return one(stringValue(string(chars[start:n])))
	}
}

func startsWith(_ *run, s string, a []string) []Value   { return truth(strings.HasPrefix(s, a[0])) }
func endsWith(_ *run, s string, a []string) []Value     { return truth(strings.HasSuffix(s, a[0])) }
func containsText(_ *run, s string, a []string) []Value { return truth(strings.Contains(s, a[0])) }
func upperText(_ *run, s string, _ []string) []Value    { return one(stringValue(strings.ToUpper(s))) }
func lowerText(_ *run, s string, _ []string) []Value    { return one(stringValue(strings.ToLower(s))) }
func trim(_ *run, s string, _ []string) []Value         { return one(stringValue(strings.TrimSpace(s))) }
func length(_ *run, s string, _ []string) []Value {
	return one(integer(int64(utf8.RuneCountInString(s))))
}

func replace(r *run, s string, a []string) []Value {
	if !r.tick(len(s)/64 + strings.Count(s, a[0])*(1+len(a[1])/64)) {
		return nil
	}
	return one(stringValue(strings.ReplaceAll(s, a[0], a[1])))
}

// expression compiles a regular expression; . matches line ends too. flags may be i and m.
func (r *run) expression(pattern string, flags []string) *regexp.Regexp {
	mode := "s"
	if len(flags) > 0 {
		mode += flags[0]
	}
	if strings.Trim(mode, "sim") != "" || len(pattern) > 4096 || !r.tick(len(pattern)) {
		r.fail("the regular expression is too long or has unknown flags")
		return nil
	}
	re, err := regexp.Compile("(?" + mode + ":" + pattern + ")")
	if err != nil {
		r.fail("not a regular expression")
		return nil
	}
	return re
}

func matches(r *run, s string, a []string) []Value {
	re := r.expression(a[0], a[1:])
	if re == nil || !r.tick(len(s)) {
		return nil
	}
	return truth(re.MatchString(s))
}

func matchesFull(r *run, s string, a []string) []Value {
	return matches(r, s, append([]string{`\A(?:` + a[0] + `)\z`}, a[1:]...))
}

var group = regexp.MustCompile(`\$(\d+)`)

func replaceMatches(r *run, s string, a []string) []Value {
	if a[0] == "" {
		return one(stringValue(s))
	}
	re := r.expression(a[0], a[2:])
	if re == nil || !r.tick(len(s)) {
		return nil
	}
	with := group.ReplaceAllString(a[1], "$${$1}")
	return one(stringValue(re.ReplaceAllString(s, with)))
}

func toChars(r *run, s string, _ []string) []Value {
	if !r.tick(len(s)) {
		return nil
	}
	var out []Value
	for _, c := range s {
		out = append(out, stringValue(string(c)))
	}
	return out
}

func split(r *run, s string, a []string) []Value {
	if !r.tick(len(s)) {
		return nil
	}
	var out []Value
	for _, part := range strings.Split(s, a[0]) {
		out = append(out, stringValue(part))
	}
	return out
}

// join puts strings together; nothing put together is an empty string, as the tests of SQL on
// FHIR have it (the specification of FHIRPath does not say).
func join(args []step) step {
	return func(r *run, in []Value) []Value {
		separator := ""
		if len(args) == 1 {
			var ok bool
			if separator, ok = r.text(args[0](r, r.scope.this)); !ok {
				return nil
			}
		}
		var parts []string
		for _, v := range in {
			s, ok := v.str()
			if !ok {
				return r.fail("join() takes strings, not a %s", v.Type())
			}
			parts = append(parts, s)
		}
		return one(stringValue(strings.Join(parts, separator)))
	}
}

func encode(_ *run, s string, a []string) []Value {
	switch a[0] {
	case "hex":
		return one(stringValue(hex.EncodeToString([]byte(s))))
	case "base64":
		return one(stringValue(base64.StdEncoding.EncodeToString([]byte(s))))
	case "urlbase64":
		return one(stringValue(base64.URLEncoding.EncodeToString([]byte(s))))
	}
	return nil
}

func decode(_ *run, s string, a []string) []Value {
	var out []byte
	var err error
	switch a[0] {
	case "hex":
		out, err = hex.DecodeString(s)
	case "base64":
		out, err = base64.StdEncoding.DecodeString(s)
	case "urlbase64":
		out, err = base64.URLEncoding.DecodeString(s)
	default:
		return nil
	}
	if err != nil || !utf8.Valid(out) {
		return nil
	}
	return one(stringValue(string(out)))
}

func escape(_ *run, s string, a []string) []Value {
	switch a[0] {
	case "html":
		return one(stringValue(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s)))
	case "json":
		return one(stringValue(strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`).Replace(s)))
	}
	return nil
}

func unescape(_ *run, s string, a []string) []Value {
	switch a[0] {
	case "html":
		return one(stringValue(html.UnescapeString(s)))
	case "json":
		return unescapeJSON(s)
	}
	return nil
}

func unescapeJSON(s string) []Value {
	l := lexer{src: s}
	var b strings.Builder
	for l.pos < len(s) {
		c := s[l.pos]
		l.pos++
		if c != '\\' {
			b.WriteByte(c)
		} else if l.escape(&b) != nil {
			return nil
		}
	}
	return one(stringValue(b.String()))
}
