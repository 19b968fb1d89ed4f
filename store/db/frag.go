package db

import (
	"strings"
)

// Frag is a piece of SQL with its arguments in order.
type Frag struct {
	Text string
	Args []any
}

// SQL makes a fragment.
func SQL(text string, args ...any) Frag { return Frag{text, args} }

// Join puts fragments together with a separator.
func Join(sep string, list ...Frag) Frag {
	var b strings.Builder
	var args []any
	for i, f := range list {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(f.Text)
		args = append(args, f.Args...)
	}
	return Frag{b.String(), args}
}

// Wrap puts text around a fragment.
func (f Frag) Wrap(before, after string) Frag { return Frag{before + f.Text + after, f.Args} }

// With appends text and arguments.
func (f Frag) With(text string, args ...any) Frag {
	return Frag{f.Text + text, append(f.Args[:len(f.Args):len(f.Args)], args...)}
}

// In makes (?,?,…) for a list of numbers.
func In(list []int64) Frag {
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	if len(list) == 0 {
		return Frag{Text: "(NULL)"}
	}
	return Frag{"(" + strings.Repeat("?,", len(list)-1) + "?)", args}
}

// Never matches nothing.
var Never = Frag{Text: "FALSE"}

// AnyOf joins tests by OR, nested so that no expression is deeper than SQLite takes (1,000).
func AnyOf(tests []Frag) Frag {
	const width = 100
	if len(tests) == 0 {
		return Never
	}
	for len(tests) > width {
		var outer []Frag
		for i := 0; i < len(tests); i += width {
			outer = append(outer, AnyOf(tests[i:min(i+width, len(tests))]))
		}
		tests = outer
	}
	return Join(` OR `, tests...).Wrap(`(`, `)`)
}
