package search

import (
	"strings"

	"chartlake/fault"
)

// value reads one alternative, still escaped, by the kind of its parameter.
func (p *parser) value(param *Param, m Modifier, s string) (Value, error) {
	bad := func(why string) (Value, error) {
		return Value{}, fault.New(fault.Invalid, "bad_value", "%s, a %s parameter, has a value of the wrong form: %s", param.Code, param.Kind, why)
	}
	if len(s) > MaxText {
		return Value{}, fault.New(fault.TooLarge, "value_too_long", "%s has a value longer than %d bytes", param.Code, MaxText)
	}
	v := Value{Prefix: EQ}
	switch param.Kind {
	case KindString, KindURI:
		if v.Text = unescape(s); v.Text == "" {
			return bad("it is empty")
		}
	case KindToken:
		if m == Text {
			if v.Text = unescape(s); Fold(v.Text) == "" {
				return bad("it is empty")
			}
			return v, nil
		}
		return p.token(v, m, s, bad)
	case KindReference:
		if m == Identifier {
			return p.token(v, NoModifier, s, bad)
		}
		v.Ref = ParseReference(unescape(s), p.base)
		if v.Ref == (Reference{}) {
			return bad("it is empty")
		}
		v.Text = unescape(s)
	case KindDate:
		prefix, rest := splitPrefix(s)
		r, ok := ParseMoment(rest)
		if !ok {
			return bad("want a prefix and yyyy-mm-ddThh:mm:ss with optional parts")
		}
		v.Prefix, v.Date = prefix, r
		if prefix == AP {
			v.Date = r.widen(p.now.UnixMilli())
		}
	case KindNumber, KindQuantity:
		prefix, rest := splitPrefix(s)
		parts := splitEscaped(rest, '|')
		if len(parts) > 3 || len(parts) > 1 && param.Kind == KindNumber {
			return bad("it has too many parts")
		}
		n, ok := ParseNumber(parts[0])
		if !ok {
			return bad("want a prefix and a decimal")
		}
		v.Prefix, v.Number, v.Unit = prefix, n, unitOf(parts)
		if prefix == AP {
			v.Number = n.near()
		}
	case KindComposite:
		return p.composite(param, s, bad)
	default:
		return Value{}, fault.New(fault.Invalid, "unknown_parameter", "%s cannot be searched", param.Code)
	}
	return v, nil
}

// token reads code, system|code, |code, system| and for :of-type system|code|value.
func (p *parser) token(v Value, m Modifier, s string, bad func(string) (Value, error)) (Value, error) {
	parts := splitEscaped(s, '|')
	for i := range parts {
		parts[i] = unescape(parts[i])
	}
	t := &v.Token
	switch {
	case m == OfType:
		if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
			return bad("want type system|type code|value")
		}
		t.TypeSystem, t.TypeCode, t.Code, t.HasCode = parts[0], parts[1], parts[2], true
	case len(parts) == 1:
		t.Code, t.HasCode = parts[0], true
	case len(parts) == 2:
		t.System, t.HasSystem = parts[0], true
		t.Code, t.HasCode = parts[1], parts[1] != ""
	default:
		return bad("it has too many parts")
	}
	if t.Code == "" && t.System == "" {
		return bad("it is empty")
	}
	return v, nil
}

// unitOf reads the parts after the number: |system|code, ||code.
func unitOf(parts []string) Unit {
	var u Unit
	if len(parts) == 3 {
		u.System, u.Code = unescape(parts[1]), unescape(parts[2])
	} else if len(parts) == 2 {
		u.Code = unescape(parts[1])
	}
	if u.System == "" && u.Code != "" {
		u.Code, u.Text = "", u.Code
	}
	return u
}

// composite reads part$part.
func (p *parser) composite(param *Param, s string, bad func(string) (Value, error)) (Value, error) {
	parts := splitEscaped(s, '$')
	if len(parts) != len(param.Components) {
		return bad("it needs one part per component, joined by $")
	}
	v := Value{Prefix: EQ}
	for i, part := range parts {
		sub, err := p.value(param.Components[i].Param, NoModifier, part)
		if err != nil {
			return bad("a component is not of its own form")
		}
		v.Parts = append(v.Parts, sub)
	}
	return v, nil
}

// splitPrefix takes a comparison prefix off; none is eq. Values that begin with a letter
// which is no prefix fail later as numbers or dates.
func splitPrefix(s string) (Prefix, string) {
	if len(s) > 2 {
		switch p := Prefix(s[:2]); p {
		case EQ, NE, GT, LT, GE, LE, SA, EB, AP:
			return p, s[2:]
		}
	}
	return EQ, s
}

// splitEscaped splits at a separator that no backslash precedes; the parts stay escaped.
func splitEscaped(s string, sep byte) []string {
	if strings.IndexByte(s, sep) < 0 {
		return []string{s}
	}
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// unescape takes the backslash from \, \$ \| and \\ (R4 §3.1.1.4.2.1); other backslashes stay.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`,$|\`, s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Escape puts a backslash before what has a meaning in a query value.
func Escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`).Replace(s)
}

// ParseReference reads a reference as it stands in a query or a resource. base is this
// server's own base URL ("" when unknown): absolute references to it become local.
func ParseReference(s, base string) Reference {
	if base != "" && len(s) > len(base) && strings.HasPrefix(s, base) && s[len(base)] == '/' {
		s = s[len(base)+1:]
	}
	if strings.Contains(s, ":") || strings.HasPrefix(s, "#") {
		return canonical(s)
	}
	bare, version, _ := strings.Cut(s, "|")
	parts := strings.Split(bare, "/")
	switch {
	case len(parts) == 1 && version == "":
		return Reference{ID: s}
	case len(parts) == 2 && isType(parts[0]) && parts[1] != "":
		return Reference{Type: parts[0], ID: parts[1], Version: version}
	case len(parts) == 4 && parts[2] == "_history" && isType(parts[0]):
		return Reference{Type: parts[0], ID: parts[1], Version: parts[3]}
	}
	return canonical(s)
}

// canonical splits url|version.
func canonical(s string) Reference {
	u, version, _ := strings.Cut(s, "|")
	return Reference{URL: u, Version: version}
}

// isType reports whether the text has the form of a resource type's name.
func isType(s string) bool {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; c < 'A' || c > 'Z' && c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
