package storetest

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"chartlake/store"
)

// testUnits searches quantities in other units than they were written in.
func testUnits(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	const system = "http://unitsofmeasure.org"
	for _, o := range []struct{ id, value, system, code string }{
		{"a", "5.4", system, "mg/dL"}, {"b", "54", system, "mg/L"}, {"c", "0.054", system, "g/L"}, {"d", "5.4", system, "g/dL"},
		{"e", "37", system, "Cel"}, {"f", "98.6", system, "[degF]"}, {"g", "310.15", system, "K"},
		{"h", "5.4", "http://other", "mg/dL"}, {"i", "5.4", system, "no unit"}, {"j", "7", system, "[iU]/L"}, {"k", "7", system, "[pH]"},
		{"l", "50", system, "%"}, {"m", "200", system, "[iU]/L"},
	} {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":%q,"status":"final","code":{"coding":[{"system":"http://l","code":"x"}]},
			"valueQuantity":{"value":%s,"unit":"printed","system":%q,"code":%q}}`, o.id, o.value, o.system, o.code)})
	}
	for _, c := range []struct{ value, want string }{
		{"5.4|S|mg/dL", "abc"}, {"54|S|mg/L", "abc"}, {"0.054|S|g/L", "abc"}, {"5.40|S|mg/dL", "abc"}, {"5.41|S|mg/dL", ""},
		{"5.35|S|mg/dL", ""}, {"54000|S|ug/L", "abc"}, // a unit that no resource has
		{"gt5.4|S|mg/dL", "d"}, {"ge5.4|S|mg/dL", "abcd"}, {"lt54|S|mg/L", ""}, {"le54|S|mg/L", "abc"}, {"sa53|S|mg/L", "abcd"}, {"eb1|S|g/dL", "abc"},
		{"ne5.4|S|mg/dL", "d"}, {"ap5|S|mg/dL", "abc"}, {"ap50|S|mg/L", "abc"}, {"ap4.8|S|mg/dL", ""},
		{"37|S|Cel", "efg"}, {"98.6|S|[degF]", "efg"}, {"310.15|S|K", "efg"}, {"gt37|S|Cel", ""}, {"ge98.6|S|[degF]", "efg"}, {"ap35|S|Cel", "efg"},
		{"7|S|[iU]/L", "j"}, {"0.2|S|[iU]/mL", "m"}, {"7|S|[pH]", "k"}, {"0.5|S|1", "l"}, {"5.4|S|no unit", "i"}, {"5.4|http://other|mg/dL", "h"},
		{"5.4||mg/dL", "ah"}, {"5.4||printed", "adhi"}, {"5.4|S|", "adi"}, {"5.4", "adhi"},
	} {
		value := ""
		for _, r := range c.value {
			if r == 'S' {
				value += system
			} else {
				value += string(r)
			}
		}
		for _, param := range []string{"value-quantity=", "_id:not=none&value-quantity=", "code=x&value-quantity=", "code-value-quantity=x$"} {
			if got := letters(all(t, s, anna, "Observation?"+escapedQuery(param, value))); got != c.want {
				t.Errorf("%s%s: %q, want %q", param, c.value, got, c.want)
			}
		}
	}
}

func escapedQuery(param, value string) string { return param + url.QueryEscape(value) }

// letters joins ids of one letter in order.
func letters(ids []string) string {
	slices.Sort(ids)
	return strings.Join(ids, "")
}
