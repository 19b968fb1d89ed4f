package value

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

//go:generate go run ./generate

// unitData is the table derived from UCUM and LOINC files; its notices stand in NOTICE.
//
//go:embed units.txt
var unitData string

type unitTable struct {
	prefixes []string
	atoms    map[string]bool   // atom code → takes prefixes
	printed  map[string]string // printed spelling → UCUM
	folded   map[string]string // lower-case spelling → UCUM, "" where two differ
}

var units = sync.OnceValue(func() *unitTable {
	t := &unitTable{atoms: map[string]bool{}, printed: map[string]string{}, folded: map[string]string{}}
	var common []string
	for line := range strings.Lines(unitData) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		switch f[0] {
		case "prefix":
			t.prefixes = append(t.prefixes, f[1])
		case "atom", "metric":
			t.atoms[f[1]] = f[0] == "metric"
		case "common":
			common = append(common, f[1])
		case "spelling":
			t.printed[f[1]] = f[2]
		}
	}
	for spelling, code := range t.printed {
		if !t.expression(code) {
			delete(t.printed, spelling)
			continue
		}
		t.fold(spelling, code)
	}
	for _, code := range common {
		if t.expression(code) {
			t.fold(code, code)
		}
	}
	for spelling, code := range ownSpellings {
		t.printed[spelling] = code
		t.folded[strings.ToLower(spelling)] = code
	}
	return t
})

func (t *unitTable) fold(spelling, code string) {
	key := strings.ToLower(spelling)
	if len(key) == 1 && key != "%" {
		return // H, A and L are flags
	}
	if old, ok := t.folded[key]; ok && old != code {
		if key == strings.ToLower(code) && strings.ToLower(old) == key {
			code = "" // mg and Mg
		} else {
			return
		}
	}
	t.folded[key] = code
}

// ownSpellings are ways in which American laboratories print counts and rates that the source
// list lacks. Each right side is checked against the UCUM atoms by a test. "K/uL" is
// thousands per microlitre on paper, never kelvin.
var ownSpellings = map[string]string{
	"K/uL": "10*3/uL", "K/mcL": "10*3/uL", "K/mm3": "10*3/uL", "K/cumm": "10*3/uL",
	"thou/uL": "10*3/uL", "thou/mcL": "10*3/uL", "thou/mm3": "10*3/uL", "thou/cumm": "10*3/uL",
	"thousand/uL": "10*3/uL", "thousand/mcL": "10*3/uL", "x10*3/uL": "10*3/uL", "x10*3/mm3": "10*3/uL",
	"M/uL": "10*6/uL", "M/mcL": "10*6/uL", "M/mm3": "10*6/uL", "M/cumm": "10*6/uL", "mil/uL": "10*6/uL",
	"mill/uL": "10*6/uL", "million/uL": "10*6/uL", "million/mcL": "10*6/uL", "x10*6/uL": "10*6/uL",
	"x10*9/L": "10*9/L", "x10*12/L": "10*12/L", "10*12/L": "10*12/L", "cells/mcL": "{cells}/uL",
	"/mcL": "/uL", "/cumm": "/uL", "mcg/dL": "ug/dL", "mcg/L": "ug/L", "mcg/mL": "ug/mL", "mcg": "ug",
	"mcg/g": "ug/g", "mcg/mg": "ug/mg", "mcIU/mL": "u[IU]/mL", "mcU/mL": "uU/mL", "uUnits/mL": "uU/mL",
	"mEq/L": "meq/L", "mEq": "meq", "meq/L": "meq/L", "units/L": "U/L", "unit/L": "U/L", "Units/L": "U/L",
	"mmHg": "mm[Hg]", "mm Hg": "mm[Hg]", "mm/hr": "mm/h", "mm/h": "mm/h", "sec": "s", "secs": "s",
	"seconds": "s", "min": "min", "hr": "h", "hrs": "h", "mL/min/1.73m2": "mL/min/{1.73_m2}",
	"mL/min/1.73 m2": "mL/min/{1.73_m2}", "mL/min/1.73": "mL/min/{1.73_m2}", "mL/min/1.73m*2": "mL/min/{1.73_m2}",
	"mL/min/1.73 m*2": "mL/min/{1.73_m2}", "gm/dL": "g/dL", "gm": "g", "mgs/dL": "mg/dL", "mg%": "mg/dL", "percent": "%", "bpm": "{beats}/min",
	"beats per minute": "{beats}/min", "breaths per minute": "{breaths}/min", "lbs": "[lb_av]", "pounds": "[lb_av]",
	"°F": "[degF]", "°C": "Cel", "deg F": "[degF]", "deg C": "Cel", "kg/m2": "kg/m2", "kg/m*2": "kg/m2", "mOsm/kg H2O": "mosm/kg",
	"/hpf": "/[HPF]", "/lpf": "/[LPF]", "per hpf": "/[HPF]", "per lpf": "/[LPF]", "mg/g creat": "mg/g{creat}", "mcg/mg creat": "ug/mg{creat}",
	"mg/g Cr": "mg/g{creat}", "mcg/mg Cr": "ug/mg{creat}", "AU/mL": "[arb'U]/mL", "IU": "[IU]",
}

// sameSigns turns the several prints of micro, times and powers into one.
var sameSigns = strings.NewReplacer("µ", "u", "μ", "u", "×", "x", "³", "*3", "⁶", "*6", "⁹", "*9", "²", "*2", "^", "*",
	"10E", "10*", "10e", "10*", "X10", "x10", " /", "/", "/ ", "/", "x 10", "x10", "10 *", "10*")

// calculated is a remark that laboratories print in the unit column.
var calculated = regexp.MustCompile(`(?i)\(?\bcalc(?:ulated|\.)?\)?`)

// ParseUnit gives the UCUM code of a printed unit. ok is false where no table and no UCUM
// expression says so surely; the printed unit is then kept alone.
func ParseUnit(s string) (ucum string, ok bool) {
	s = fold(s)
	if s == "" || len(s) > 40 {
		return "", false
	}
	t := units()
	if s = strings.TrimSpace(calculated.ReplaceAllString(s, "")); s == "" {
		return "1", true // a calculated number without unit
	}
	same := fold(sameSigns.Replace(s))
	for _, k := range []string{s, same, strings.TrimPrefix(same, "x")} {
		if code, ok := t.printed[k]; ok {
			return code, true
		}
	}
	if code := t.folded[strings.ToLower(same)]; code != "" {
		return code, true
	}
	code := strings.TrimPrefix(same, "x")
	if t.expression(code) && !rareAtom(code) {
		return code, true
	}
	return "", false
}

// IsUCUM reports whether code is an expression of UCUM's atoms and prefixes.
func IsUCUM(code string) bool { return len(code) <= 64 && units().expression(code) }

// rareAtom holds back expressions that are right in UCUM and never meant on a laboratory
// report: kelvin, henry, farad, tesla, … are single capitals that a flag or a name also is.
func rareAtom(code string) bool {
	for _, part := range strings.FieldsFunc(code, func(r rune) bool { return r == '/' || r == '.' || r == '(' || r == ')' }) {
		part = strings.TrimRight(part, "0123456789")
		if len(part) == 1 && part >= "A" && part <= "Z" && part != "L" && part != "U" {
			return true
		}
		if strings.HasPrefix(part, "K") || part == "a" || part == "b" || part == "t" || part == "u" || part == "l" && code == "l" {
			return true
		}
	}
	return strings.Trim(code, "0123456789.*^+-") == ""
}

// expression reports whether s follows the grammar of UCUM §2 (case sensitive): terms of
// components joined by "." and "/", a component being an atom with prefix and exponent, a
// number, an annotation or a bracketed term.
func (t *unitTable) expression(s string) bool {
	rest, ok := t.term(s, 0)
	return ok && rest == "" && s != ""
}

func (t *unitTable) term(s string, depth int) (rest string, ok bool) {
	if depth > 8 {
		return s, false
	}
	s = strings.TrimPrefix(s, "/")
	for {
		if s, ok = t.component(s, depth); !ok {
			return s, false
		}
		if s == "" || s[0] == ')' {
			return s, true
		}
		if s[0] != '/' && s[0] != '.' {
			return s, false
		}
		s = s[1:]
	}
}

func (t *unitTable) component(s string, depth int) (rest string, ok bool) {
	if strings.HasPrefix(s, "(") {
		rest, ok = t.term(s[1:], depth+1)
		if !ok || !strings.HasPrefix(rest, ")") {
			return rest, false
		}
		return rest[1:], true
	}
	end := 0
	for end < len(s) && !strings.ContainsRune("/.(){", rune(s[end])) {
		if s[end] == '[' {
			closing := strings.IndexByte(s[end:], ']')
			if closing < 0 {
				return s, false
			}
			end += closing
		}
		end++
	}
	symbol := s[:end]
	rest = s[end:]
	noted := false
	if strings.HasPrefix(rest, "{") {
		closing := strings.IndexByte(rest, '}')
		if closing < 2 {
			return s, false
		}
		rest, noted = rest[closing+1:], true
	}
	return rest, symbol == "" && noted || symbol != "" && t.symbol(symbol)
}

// symbol is a number, or an atom with an optional prefix and exponent.
func (t *unitTable) symbol(s string) bool {
	if strings.Trim(s, "0123456789") == "" {
		return true
	}
	base := strings.TrimRight(s, "0123456789")
	base = strings.TrimRight(base, "+-")
	for _, a := range []string{s, base} {
		if _, ok := t.atoms[a]; ok {
			return true
		}
		for _, p := range t.prefixes {
			if rest, ok := strings.CutPrefix(a, p); ok && t.atoms[rest] {
				return true
			}
		}
	}
	return false
}
