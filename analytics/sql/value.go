package sql

import (
	"encoding/json"
	"math"
	"strconv"

	"chartlake/analytics/view"
)

// as gives a value the form of a column's type.
func as(kind string, v any) any {
	switch x := v.(type) {
	case int64:
		switch kind {
		case "boolean":
			return x != 0
		case "decimal":
			return view.Number(strconv.FormatInt(x, 10))
		case "string":
			return strconv.FormatInt(x, 10)
		}
	case view.Number:
		if kind == "string" {
			return string(x)
		}
	case bool:
		if kind == "string" {
			return strconv.FormatBool(x)
		}
	}
	return v
}

// decimal writes a number as shortly as it is read back the same; JSON has no infinity, so null.
func decimal(f float64) any {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return view.Number(strconv.FormatFloat(f, 'f', -1, 64))
}

// plain is a cell as a database takes it: nil, bool, int64, float64 or string.
func plain(v any) (any, error) {
	switch x := v.(type) {
	case nil, bool, int64, string:
		return v, nil
	case view.Number:
		f, err := strconv.ParseFloat(string(x), 64)
		if err != nil {
			return string(x), nil
		}
		return f, nil
	}
	data, err := json.Marshal(v) // a collection
	return string(data), err
}
