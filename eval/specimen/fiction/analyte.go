package fiction

import (
	"fmt"
	"strconv"
)

// analyte is a test with its usual unit and adult reference limits. A missing limit is nil
// side: noLow or noHigh. Limits are common ones of general chemistry, for invented values
// only: nothing clinical rests on them.
type analyte struct {
	test, unit string
	low, high  float64
	decimals   int
	side       side
}

type side uint8

const (
	both  side = iota
	below      // normal is under high: "<200"
	above      // normal is over low: ">59"
)

var metabolic = []analyte{
	{"Glucose", "mg/dL", 65, 99, 0, both}, {"Urea Nitrogen (BUN)", "mg/dL", 7, 25, 0, both},
	{"Creatinine", "mg/dL", 0.60, 1.30, 2, both}, {"eGFR", "mL/min/1.73m2", 59, 0, 0, above},
	{"Sodium", "mmol/L", 135, 146, 0, both}, {"Potassium", "mmol/L", 3.5, 5.3, 1, both},
	{"Chloride", "mmol/L", 98, 110, 0, both}, {"Carbon Dioxide", "mmol/L", 20, 32, 0, both},
	{"Calcium", "mg/dL", 8.6, 10.3, 1, both}, {"Protein, Total", "g/dL", 6.1, 8.1, 1, both},
	{"Albumin", "g/dL", 3.6, 5.1, 1, both}, {"Bilirubin, Total", "mg/dL", 0.2, 1.2, 1, both},
	{"Alkaline Phosphatase", "U/L", 36, 130, 0, both}, {"AST", "U/L", 10, 35, 0, both}, {"ALT", "U/L", 6, 29, 0, both},
}

var basic = metabolic[:9]

var thyroid = []analyte{
	{"TSH", "mIU/L", 0.40, 4.50, 2, both}, {"T4, Free", "ng/dL", 0.8, 1.8, 1, both}, {"T3, Total", "ng/dL", 76, 181, 0, both},
}

var hepatic = []analyte{
	{"Albumin", "g/dL", 3.6, 5.1, 1, both}, {"Bilirubin, Direct", "mg/dL", 0, 0.2, 1, below}, {"Bilirubin, Total", "mg/dL", 0.2, 1.2, 1, both},
	{"Alkaline Phosphatase", "U/L", 36, 130, 0, both}, {"Aspartate Aminotransferase (AST)", "U/L", 10, 35, 0, both},
	{"Alanine Aminotransferase (ALT)", "U/L", 6, 29, 0, both}, {"Gamma-Glutamyl Transferase", "U/L", 3, 65, 0, both},
}

var single = []analyte{
	{"Hemoglobin A1c", "%", 0, 5.7, 1, below}, {"Vitamin D, 25-Hydroxy", "ng/mL", 30, 100, 0, both}, {"Vitamin B12", "pg/mL", 200, 1100, 0, both},
	{"Ferritin", "ng/mL", 16, 232, 0, both}, {"C-Reactive Protein", "mg/L", 0, 8.0, 1, below}, {"Magnesium", "mg/dL", 1.5, 2.5, 1, both},
	{"Uric Acid", "mg/dL", 2.5, 7.0, 1, both}, {"Folate, Serum", "ng/mL", 5.4, 0, 1, above}, {"Lipase", "U/L", 7, 60, 0, both},
	{"Prothrombin Time", "sec", 9.0, 11.5, 1, both}, {"INR", "", 0.9, 1.1, 1, both},
}

// words are tests whose result is a word or a count range; the first result is the normal one.
type wordTest struct {
	test    string
	unit    string
	normal  string
	results []string
}

var urine = []wordTest{
	{"Color", "", "Yellow", []string{"Yellow", "Yellow", "Amber", "Straw"}}, {"Appearance", "", "Clear", []string{"Clear", "Clear", "Cloudy", "Hazy"}},
	{"Glucose, Urine", "", "Negative", []string{"Negative", "Negative", "1+", "3+"}}, {"Ketones", "", "Negative", []string{"Negative", "Negative", "Trace"}},
	{"Occult Blood", "", "Negative", []string{"Negative", "Negative", "Trace", "2+"}}, {"Protein, Urine", "", "Negative", []string{"Negative", "Negative", "Trace", "1+"}},
	{"Nitrite", "", "Negative", []string{"Negative", "Negative", "Positive"}}, {"Leukocyte Esterase", "", "Negative", []string{"Negative", "Negative", "1+", "2+"}},
	{"WBC, Urine", "/HPF", "0-5", []string{"0-5", "0-5", "6-10", "20-40"}}, {"Bacteria", "/HPF", "None seen", []string{"None seen", "None seen", "Few", "Many"}},
}

var serology = []wordTest{
	{"Hepatitis B Surface Antigen", "", "Non-Reactive", []string{"Non-Reactive", "Non-Reactive", "Non-Reactive", "Reactive"}},
	{"Hepatitis C Antibody", "", "Non-Reactive", []string{"Non-Reactive", "Non-Reactive", "Reactive"}},
	{"HIV Ag/Ab, 4th Generation", "", "Non-Reactive", []string{"Non-Reactive"}},
	{"Rubella Antibody (IgG), Quantitative Immune Status Screen", "", "Immune", []string{"Immune", "Immune", "Non-Immune"}},
}

// format prints a number with the analyte's decimals.
func (a analyte) format(v float64) string { return strconv.FormatFloat(v, 'f', a.decimals, 64) }

// limits prints the reference range.
func (a analyte) limits() string {
	switch a.side {
	case below:
		return "<" + a.format(a.high)
	case above:
		return ">" + a.format(a.low)
	}
	return a.format(a.low) + "-" + a.format(a.high)
}

// draw invents a value: three of four lie within the limits.
func (a analyte) draw(s Source) float64 {
	low, high := a.low, a.high
	switch a.side {
	case below:
		low = high * 0.4
	case above:
		high = low * 2
	}
	width := high - low
	v := low + width*(0.08+0.84*s.Float64())
	if s.Chance(0.24) {
		v = high + width*(0.05+0.5*s.Float64())
		if s.Chance(0.4) && a.side != below {
			v = low - min(width, low)*(0.05+0.35*s.Float64())
		}
	}
	return v
}

// result prints a value with the flag that the printed numbers call for.
func (a analyte) result(v float64) Result {
	r := Result{Test: a.test, Value: a.format(v), Unit: a.unit, Range: a.limits()}
	printed, _ := strconv.ParseFloat(r.Value, 64)
	width := a.high - a.low
	switch {
	case a.side != above && printed > a.high || a.side == below && printed >= a.high:
		r.Flag = "H"
		if a.side == both && printed > a.high+1.2*width {
			r.Flag = "HH"
		}
	case a.side != below && printed < a.low || a.side == above && printed <= a.low:
		r.Flag = "L"
	}
	return r
}

func (s Source) numbers(list []analyte) []Result {
	rows := make([]Result, len(list))
	for i, a := range list {
		rows[i] = a.result(a.draw(s))
	}
	return rows
}

func (s Source) wordRows(list []wordTest) []Result {
	rows := make([]Result, len(list))
	for i, w := range list {
		rows[i] = Result{Test: w.test, Value: pick(s, w.results), Unit: w.unit, Range: w.normal}
		if rows[i].Value != w.normal && rows[i].Value != "Straw" && rows[i].Value != "Amber" {
			rows[i].Flag = "A"
		}
	}
	return rows
}

// panels chooses one to four panels.
func (s Source) panels(p Person) []Panel {
	all := []func() Panel{
		func() Panel { return Panel{"Comprehensive Metabolic Panel", s.metabolicRows(metabolic)} },
		func() Panel { return Panel{"Basic Metabolic Panel", s.metabolicRows(basic)} },
		func() Panel { return s.bloodCount(p) },
		func() Panel { return s.lipids() },
		func() Panel { return Panel{"Thyroid Function Panel", s.numbers(thyroid)} },
		func() Panel { return Panel{"Urinalysis, Complete", s.wordRows(urine)} },
		func() Panel { return Panel{"Hepatic Function Panel", s.numbers(hepatic)} },
		func() Panel { return Panel{"Infectious Disease Screening", s.wordRows(serology[:2+s.IntN(3)])} },
		func() Panel {
			i := s.IntN(len(single) - 4)
			return Panel{"Miscellaneous Chemistry", s.numbers(single[i : i+2+s.IntN(3)])}
		},
	}
	order := s.Perm(len(all))
	var panels []Panel
	chemistry := false
	for _, i := range order[:1+s.IntN(4)] {
		if i < 2 || i == 6 { // no test twice under one specimen
			if chemistry {
				continue
			}
			chemistry = true
		}
		panels = append(panels, all[i]())
	}
	return panels
}

// metabolicRows adds the calculated rows that follow from the printed ones.
func (s Source) metabolicRows(list []analyte) []Result {
	var rows []Result
	value := map[string]float64{}
	for _, a := range list {
		r := a.result(a.draw(s))
		value[a.test], _ = strconv.ParseFloat(r.Value, 64)
		rows = append(rows, r)
		switch a.test {
		case "eGFR":
			ratio := analyte{"BUN/Creatinine Ratio", "(calc)", 6, 22, 0, both}
			rows = append(rows, ratio.result(value["Urea Nitrogen (BUN)"]/value["Creatinine"]))
		case "Albumin":
			globulin := analyte{"Globulin", "g/dL (calc)", 1.9, 3.7, 1, both}
			g := value["Protein, Total"] - value["Albumin"]
			if g < 1 {
				continue
			}
			rows = append(rows, globulin.result(g))
			ratio := analyte{"Albumin/Globulin Ratio", "(calc)", 1.0, 2.5, 1, both}
			rows = append(rows, ratio.result(value["Albumin"]/g))
		}
	}
	return rows
}

// lipids is a lipid panel whose calculated rows follow from the printed ones (Friedewald).
func (s Source) lipids() Panel {
	hdl := 34 + float64(s.IntN(45))
	tg := 60 + float64(s.IntN(220))
	ldl := 55 + float64(s.IntN(120))
	total := hdl + ldl + float64(int(tg/5+0.5))
	ldl = total - hdl - float64(int(tg/5+0.5))
	return Panel{"Lipid Panel, Standard", []Result{
		analyte{"Cholesterol, Total", "mg/dL", 0, 200, 0, below}.result(total),
		analyte{"HDL Cholesterol", "mg/dL", 39, 0, 0, above}.result(hdl),
		analyte{"Triglycerides", "mg/dL", 0, 150, 0, below}.result(tg),
		analyte{"LDL-Cholesterol", "mg/dL (calc)", 0, 100, 0, below}.result(ldl),
		analyte{"Non HDL Cholesterol", "mg/dL (calc)", 0, 130, 0, below}.result(total - hdl),
		analyte{"Chol/HDLC Ratio", "(calc)", 0, 5.0, 1, below}.result(total / hdl),
	}}
}

// bloodCount is a complete blood count whose indices follow from count, hemoglobin and
// hematocrit, with a differential that adds to 100 percent.
func (s Source) bloodCount(p Person) Panel {
	low, high := 11.7, 15.5
	if p.Sex == "M" {
		low, high = 13.2, 17.1
	}
	round := func(v float64, d int) float64 {
		f, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', d, 64), 64)
		return f
	}
	red := round(3.6+2.0*s.Float64(), 2)
	volume := 76 + 28*s.Float64()
	hct := round(red*volume/10, 1)
	hgb := round(hct*(0.318+0.03*s.Float64()), 1)
	rows := []Result{
		analyte{"White Blood Cell Count", "Thousand/uL", 3.8, 10.8, 1, both}.result(3 + 11*s.Float64()),
		analyte{"Red Blood Cell Count", "Million/uL", 3.80, 5.80, 2, both}.result(red),
		analyte{"Hemoglobin", "g/dL", low, high, 1, both}.result(hgb),
		analyte{"Hematocrit", "%", low * 3, high * 2.9, 1, both}.result(hct),
		analyte{"MCV", "fL", 80.0, 100.0, 1, both}.result(hct / red * 10),
		analyte{"MCH", "pg", 27.0, 33.0, 1, both}.result(hgb / red * 10),
		analyte{"MCHC", "g/dL", 32.0, 36.0, 1, both}.result(hgb / hct * 100),
		analyte{"RDW", "%", 11.0, 15.0, 1, both}.result(11 + 5*s.Float64()),
		analyte{"Platelet Count", "Thousand/uL", 140, 400, 0, both}.result(110 + 330*s.Float64()),
	}
	name := "Complete Blood Count"
	if s.Chance(0.6) {
		name = "CBC with Differential/Platelet"
		mono, eos, baso := 4+s.IntN(8), s.IntN(6), s.IntN(2)
		lymph := 16 + s.IntN(24)
		for _, d := range []struct {
			test   string
			share  int
			limits string
			low    int
			high   int
		}{
			{"Neutrophils", 100 - lymph - mono - eos - baso, "40-74", 40, 74}, {"Lymphocytes", lymph, "14-46", 14, 46},
			{"Monocytes", mono, "4-12", 4, 12}, {"Eosinophils", eos, "0-5", 0, 5}, {"Basophils", baso, "0-3", 0, 3},
		} {
			r := Result{Test: d.test, Value: fmt.Sprint(d.share), Unit: "%", Range: d.limits}
			if d.share > d.high {
				r.Flag = "H"
			} else if d.share < d.low {
				r.Flag = "L"
			}
			rows = append(rows, r)
		}
	}
	return Panel{name, rows}
}
