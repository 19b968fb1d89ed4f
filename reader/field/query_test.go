package field

import (
	"testing"

	"chartlake/document"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	var p document.Page
	word := func(s string) []int {
		p.Words = append(p.Words, document.Word{Text: s})
		return []int{len(p.Words) - 1}
	}
	for _, f := range [][2]string{{"Patient name", "Jane"}, {"DOB", "1970"}, {"Policy holder", "John"}, {"Date of visit", "2025"}, {"Phone", ""}, {"Amount due", "12.00"}, {"Email", "a@example.com"}, {"E-mail address", "b@example.com"}} {
		field := document.Field{Key: f[0], Value: f[1], Confidence: 0.8}
		if f[1] != "" {
			field.ValueWords = word(f[1])
		}
		p.Fields = append(p.Fields, field)
	}
	table := document.Table{Rows: 3, Columns: 3, Header: 1}
	for y, row := range [][3]string{{"Test", "Result", "Units"}, {"Sodium", "140", "mmol/L"}, {"Hemoglobin A1c", "6.1", "%"}} {
		for x, text := range row {
			table.Cells = append(table.Cells, document.Cell{Row: y, Column: x, Text: text, Words: word(text), Confidence: 0.9})
		}
	}
	p.Tables = []document.Table{table}
	for question, want := range map[string]string{
		"What is the patient's name?":            "Jane",
		"When is the patient's date of birth?":   "1970",
		"What is the name of the insured?":       "John",
		"What is the amount due?":                "12.00",
		"What is the hemoglobin A1c?":            "6.1",
		"What are the units of sodium?":          "mmol/L",
		"What is the sodium result?":             "140",
		"What is the email?":                     "a@example.com",
		"What is the e-mail address?":            "b@example.com",
		"What is the phone number?":              "", // its value is blank
		"What is the weight of the third wheel?": "",
		"":                                       "",
		"?!":                                     "",
	} {
		a, ok := Ask(&p, question)
		got := ""
		if ok {
			got = p.Words[a.Words[0]].Text
		}
		if got != want || ok && (a.Confidence <= 0.3 || a.Confidence > 0.9) {
			t.Errorf("%q: %q at %.2f, want %q", question, got, a.Confidence, want)
		}
	}
}
