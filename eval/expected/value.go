package expected

import (
	"encoding/json"
	"fmt"

	"chartlake/document"
)

// Value is an expected value. One of these holds: Blank (the box is there and empty),
// Present (a handwritten signature), Any (each a reading that will do), or Parts (one or
// several values, each counted alone). A tick's true and false are the texts "true" and "false".
type Value struct {
	Blank   bool
	Present bool
	Any     []Value
	Parts   []string
}

// Text is a value of one part; List has several; Either has several readings of one.
func Text(s string) Value { return Value{Parts: []string{s}} }

// List is a value of several parts, each counted alone.
func List(parts ...string) Value { return Value{Parts: parts} }

// Either is a value that more than one reading of the page gives.
func Either(readings ...string) Value {
	v := Value{}
	for _, r := range readings {
		v.Any = append(v.Any, Text(r))
	}
	return v
}

// Nothing is a box that is there and blank.
func Nothing() Value { return Value{Blank: true} }

// present is how a handwritten signature stands in the JSON.
const present = "present"

// UnmarshalJSON reads a string, boolean, number, null, list, or {"any": […]}.
func (v *Value) UnmarshalJSON(data []byte) error {
	var x any
	if err := json.Unmarshal(data, &x); err != nil {
		return err
	}
	*v = Value{}
	switch x := x.(type) {
	case nil:
		v.Blank = true
	case []any:
		for _, p := range x {
			s, err := scalar(p)
			if err != nil {
				return err
			}
			v.Parts = append(v.Parts, s)
		}
		v.Blank = len(x) == 0
	case map[string]any:
		var any struct {
			Any []Value `json:"any"`
		}
		if err := strict(data, &any); err != nil {
			return err
		}
		if len(any.Any) == 0 {
			return fmt.Errorf("a value with readings needs at least one")
		}
		v.Any = any.Any
	default:
		s, err := scalar(x)
		if err != nil {
			return err
		}
		v.Present = s == present
		if !v.Present {
			v.Parts = []string{s}
		}
	}
	return nil
}

func scalar(x any) (string, error) {
	switch x := x.(type) {
	case string:
		return x, nil
	case bool:
		return fmt.Sprint(x), nil
	case float64:
		return json.Number(fmt.Sprint(x)).String(), nil
	}
	return "", fmt.Errorf("a value is a text, a list of texts, null, or {\"any\": [...]}")
}

// MarshalJSON writes the shortest of the forms that UnmarshalJSON reads.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Blank:
		return []byte("null"), nil
	case v.Present:
		return json.Marshal(present)
	case len(v.Any) > 0:
		return json.Marshal(map[string][]Value{"any": v.Any})
	case len(v.Parts) == 1:
		return json.Marshal(v.Parts[0])
	}
	return json.Marshal(v.Parts)
}

// PartName is the name in Boxes of part i of a field: the field's own for the first,
// name[i] for the others.
func PartName(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s[%d]", name, i)
}

// Names is one name or a list of names of which any will do.
type Names []string

// UnmarshalJSON reads a string or a list of strings.
func (n *Names) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*n = Names{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(n))
}

// MarshalJSON writes one name as a string.
func (n Names) MarshalJSON() ([]byte, error) {
	if len(n) == 1 {
		return json.Marshal(n[0])
	}
	return json.Marshal([]string(n))
}

// Has reports whether name is one of the names.
func (n Names) Has(name string) bool {
	for _, m := range n {
		if m == name {
			return true
		}
	}
	return false
}

// Place is where a value stands: a page (from 1) and a box in fractions of the upright
// page. Its JSON is [page, x, y, width, height].
type Place struct {
	Page int
	Box  document.Box
}

// UnmarshalJSON reads [page, x, y, width, height].
func (p *Place) UnmarshalJSON(data []byte) error {
	var v [5]float64
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*p = Place{int(v[0]), document.Box{X: v[1], Y: v[2], W: v[3], H: v[4]}}
	return nil
}

// MarshalJSON writes [page, x, y, width, height], boxes with four decimals.
func (p Place) MarshalJSON() ([]byte, error) {
	b := p.Box
	return fmt.Appendf(nil, "[%d,%.4f,%.4f,%.4f,%.4f]", p.Page, b.X, b.Y, b.W, b.H), nil
}
