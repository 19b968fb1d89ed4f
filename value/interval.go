package value

import (
	"regexp"
	"strings"
)

// Interval is a reference range. Low and High are nil where the range has no such end; an
// open end ("<200") excludes its bound, "<=200" and "4–11" include theirs. Text is always
// the printed form.
type Interval struct {
	Low, High         *Number
	LowOpen, HighOpen bool
	Text              string
}

var (
	between     = regexp.MustCompile(`^([+-]?[\d.,]+)\s*(?:-|–|—|−|to)\s*([+-]?[\d.,]+)$`)
	boxed       = regexp.MustCompile(`^[(\[](.*)[)\]]$`)
	rangeLabels = regexp.MustCompile(`^(?i)(?:ref(?:erence)?(?: range| interval)?|normal|range)\s*[:.]?\s*`)
)

// ParseInterval reads a numeric reference range; a range in words gives ok=false with Text set.
func ParseInterval(s string) (iv Interval, ok bool) {
	iv.Text = fold(s)
	if len(s) > 96 {
		return iv, false
	}
	body := iv.Text
	if m := boxed.FindStringSubmatch(body); m != nil {
		body = strings.TrimSpace(m[1])
	}
	body = rangeLabels.ReplaceAllString(body, "")
	if m := between.FindStringSubmatch(body); m != nil {
		low, _, okL := ParseNumber(m[1])
		high, _, okH := ParseNumber(m[2])
		if !okL || !okH || low.Rat().Cmp(high.Rat()) > 0 {
			return iv, false
		}
		iv.Low, iv.High = &low, &high
		return iv, true
	}
	n, _, okN := ParseNumber(body)
	if !okN || n.Comparator == "" {
		return iv, false
	}
	bound := Number{Digits: n.Digits}
	switch n.Comparator {
	case "<", "<=":
		iv.High, iv.HighOpen = &bound, n.Comparator == "<"
	default:
		iv.Low, iv.LowOpen = &bound, n.Comparator == ">"
	}
	return iv, true
}

// Position says where n lies: -1 below, 0 inside, 1 above. ok is false where that cannot be
// said, as for "<5" against 4–11.
func (iv Interval) Position(n Number) (side int, ok bool) {
	v := n.Rat()
	if v == nil || iv.Low == nil && iv.High == nil {
		return 0, false
	}
	below := iv.Low != nil && (v.Cmp(iv.Low.Rat()) < 0 || iv.LowOpen && v.Cmp(iv.Low.Rat()) == 0)
	above := iv.High != nil && (v.Cmp(iv.High.Rat()) > 0 || iv.HighOpen && v.Cmp(iv.High.Rat()) == 0)
	switch n.Comparator {
	case "":
	case "<", "<=": // somewhere at or below v
		if iv.Low == nil && !above {
			return 0, true
		}
		if iv.Low != nil && (below || n.Comparator == "<" && v.Cmp(iv.Low.Rat()) == 0) {
			return -1, true
		}
		return 0, false
	default: // somewhere at or above v
		if iv.High == nil && !below {
			return 0, true
		}
		if iv.High != nil && (above || n.Comparator == ">" && v.Cmp(iv.High.Rat()) == 0) {
			return 1, true
		}
		return 0, false
	}
	switch {
	case below:
		return -1, true
	case above:
		return 1, true
	}
	return 0, true
}
