package sqlite

import "strings"

// frag is a piece of SQL with its arguments in order.
type frag struct {
	sql  string
	args []any
}

func sqlf(sql string, args ...any) frag { return frag{sql, args} }

// join puts fragments together with a separator.
func join(sep string, list ...frag) frag {
	var b strings.Builder
	var args []any
	for i, f := range list {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(f.sql)
		args = append(args, f.args...)
	}
	return frag{b.String(), args}
}

// wrap puts text around a fragment.
func (f frag) wrap(before, after string) frag { return frag{before + f.sql + after, f.args} }

// with appends text and arguments.
func (f frag) with(sql string, args ...any) frag {
	return frag{f.sql + sql, append(f.args[:len(f.args):len(f.args)], args...)}
}

// in makes (?,?,…) for a list of numbers.
func in(list []int64) frag {
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	if len(list) == 0 {
		return frag{sql: "(NULL)"}
	}
	return frag{"(" + strings.Repeat("?,", len(list)-1) + "?)", args}
}

// never matches nothing.
var never = frag{sql: "0"}

// anyOf joins tests by OR, nested so that no expression is deeper than SQLite takes (1,000).
func anyOf(tests []frag) frag {
	const width = 100
	if len(tests) == 0 {
		return never
	}
	for len(tests) > width {
		var outer []frag
		for i := 0; i < len(tests); i += width {
			outer = append(outer, anyOf(tests[i:min(i+width, len(tests))]))
		}
		tests = outer
	}
	return join(` OR `, tests...).wrap(`(`, `)`)
}
