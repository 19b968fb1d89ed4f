package field

import (
	"strconv"
	"strings"
	"unicode"
)

// shape is what a value text looks like, as far as signs and figures tell.
func shape(s string) Kind {
	digits, letters, seps, others := 0, 0, 0, 0
	money := strings.ContainsAny(s, "$€£")
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		case strings.ContainsRune("/-.() ", r):
			seps++
		default:
			others++
		}
	}
	switch {
	case money && digits > 0:
		return KindMoney
	case strings.Contains(s, "@") && strings.Contains(s, "."):
		return KindEmail
	case isDate(s), letters == 0 && digits == 8 && day(strings.ReplaceAll(s, " ", "")):
		return KindDate
	case digits >= 7 && letters <= 3 && (digits == 10 || digits == 11 || digits == 7) && seps > 0 && strings.ContainsAny(s, "()-."):
		return KindPhone
	case digits > 0 && letters == 0 && strings.Count(s, ".") == 1 && twoDecimals(s):
		return KindMoney
	case digits >= 4 && digits >= letters && !strings.Contains(strings.TrimSpace(s), " "):
		return KindID
	case digits > 0 && letters <= 4:
		return KindNumber
	case digits > 0 && letters > 4 && strings.Contains(s, " "):
		return KindAddress
	case letters > 0 && digits == 0:
		return KindName
	}
	return KindText
}

// day reports whether eight figures are a day of the years 1900 to 2099, as combs have it: 03141962,
// 19620314.
func day(s string) bool {
	n := func(from, to int) int { v, _ := strconv.Atoi(s[from:to]); return v }
	fit := func(y, m, d int) bool { return (y == 19 || y == 20) && m >= 1 && m <= 12 && d >= 1 && d <= 31 }
	return len(s) == 8 && (fit(n(4, 6), n(0, 2), n(2, 4)) || fit(n(4, 6), n(2, 4), n(0, 2)) || fit(n(0, 2), n(4, 6), n(6, 8)))
}

func twoDecimals(s string) bool {
	i := strings.LastIndexByte(s, '.')
	return i >= 1 && i == len(strings.TrimSpace(s))-3
}

// months are the first three letters of the English months.
const months = "jan feb mar apr may jun jul aug sep oct nov dec"

// isDate accepts 1/2/2024, 01-02-24, 2024-01-02, Jan 2, 2024 and 2 January 2024, a time after
// it or not. It checks the shape, not the calendar.
func isDate(s string) bool {
	groups, month := 0, false
	total := 0
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/-., :", r) }) {
		if strings.IndexFunc(part, func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
			if len(part) > 4 {
				return false
			}
			groups++
			total += len(part)
			continue
		}
		low := strings.ToLower(part)
		if len(low) >= 3 && strings.Contains(months, low[:3]) && len(low) <= 9 {
			month = true
			continue
		}
		if low != "am" && low != "pm" && low != "st" && low != "nd" && low != "rd" && low != "th" {
			return false
		}
	}
	if month {
		return groups >= 1
	}
	return groups >= 3 && total >= 4 && strings.ContainsAny(s, "/-.") || groups == 3 && total >= 6 && total <= 8
}

// fits is how well a value of one look suits a label of one kind: 0 perfectly, 1 hardly.
func fits(label, value Kind) float64 {
	if label == value || label == KindText || label == "" {
		return 0
	}
	switch label {
	case KindDate, KindPhone, KindEmail:
		return 0.9
	case KindMoney:
		if value == KindNumber || value == KindID {
			return 0.3
		}
		return 0.8
	case KindID, KindCode:
		if value == KindNumber || value == KindPhone || value == KindAddress || value == KindText {
			return 0.2
		}
		if value == KindName {
			return 0.4
		}
		return 0.6
	case KindNumber:
		if value == KindID || value == KindMoney || value == KindAddress || value == KindDate {
			return 0.3
		}
		return 0.6
	case KindName, KindChoice:
		switch value {
		case KindName, KindText:
			return 0
		case KindAddress:
			return 0.35
		}
		return 0.8
	case KindAddress:
		if value == KindName || value == KindText {
			return 0.2
		}
		return 0.5
	}
	return 0.3
}
