package template

import (
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/fault"
)

// loan is a page of a form; entries are written at their places, size says how they are moved.
func loan(entries map[string]string, move func(x, y float64) (float64, float64)) *document.Document {
	p := &document.Page{Number: 1, Width: 850, Height: 1100, Source: document.SourceOCR}
	line := func(x, y float64, text string) {
		for _, w := range strings.Fields(text) {
			width := 0.0085 * float64(len(w))
			write(p, w, Rect{x, y, x + width, y + 0.01}, 0.96, move)
			x += width + 0.006
		}
	}
	for i, text := range []string{"Home Equipment Loan Agreement of the hospital", "The device stays our property and damage is told at once",
		"Borrower:", "Phone:", "Serial number", "Keep this yellow copy until the device is returned to the store",
		"Questions are answered by the office from nine to five", "Printed on recycled paper for every clinic and ward"} {
		y := 0.06 + 0.1*float64(i)
		line(0.06, y, text)
		if v := entries[text]; v != "" {
			line(0.25, y, v)
		}
	}
	line(0.06, 0.86, "Deposit taken")
	if v := entries["Deposit taken"]; v != "" {
		line(0.07, 0.874, v)
	}
	return &document.Document{Pages: []document.Page{*p}}
}

func fieldOf(words []string) (string, string, bool) {
	if strings.Join(words, " ") == "Phone:" {
		return "phone", "phone", true
	}
	return "", "", false
}

func TestLearn(t *testing.T) {
	t.Parallel()
	still := moved(1, 0, 0, 0)
	filled := map[string]string{"Borrower:": "Omar Tillman", "Phone:": "(555) 201-0100", "Serial number": "AB123456", "Deposit taken": "$40.00"}
	text, err := Learn(loan(nil, still), loan(filled, moved(0.97, 0.6, 0.01, -0.004)), 1, Learning{Name: "loan", Type: "consent", Field: fieldOf})
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	other := loan(map[string]string{"Borrower:": "Wilhelmina O'Brannigan", "Phone:": "(555) 201-0177", "Serial number": "ZZ999", "Deposit taken": "$135.50"}, moved(1.02, -0.8, 0.004, 0.006))
	fit, ok := FitPage(&other.Pages[0], []*Template{tpl})
	if !ok {
		t.Fatal("a filled print does not fit")
	}
	got := map[string]string{}
	for _, f := range Read(&other.Pages[0], fit, other.Text(1, 1), nil).Fields {
		got[f.Name+"/"+f.Label+"/"+string(f.State)] = *f.Value
	}
	for name, want := range map[string]string{"q.borrower/Borrower/accepted": "Wilhelmina O'Brannigan", "phone/Phone/accepted": "+15552010177",
		"q.serial_number/Serial number/accepted": "ZZ999", "q.deposit_taken/Deposit taken/accepted": "135.50"} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 4 {
		t.Errorf("fields %v", got)
	}
	if _, ok := FitPage(blank(version("02/12"), still), []*Template{tpl}); ok {
		t.Error("a claim fits the form")
	}
}

func TestLearnRefuses(t *testing.T) {
	t.Parallel()
	still := moved(1, 0, 0, 0)
	empty := &document.Document{Pages: []document.Page{{Number: 1, Width: 850, Height: 1100}}}
	claim := &document.Document{Pages: []document.Page{*blank(version("02/12"), still)}}
	filled := loan(map[string]string{"Phone:": "(555) 201-0100"}, still)
	for name, c := range map[string]struct {
		blank, filled *document.Document
		name          string
		code          string
	}{
		"few words":         {empty, filled, "loan", "template_words"},
		"another form":      {loan(nil, still), claim, "loan", "template_fit"},
		"nothing filled in": {loan(nil, still), loan(nil, still), "loan", "template_blank"},
		"a path as name":    {loan(nil, still), filled, "../loan", "template_name"},
	} {
		_, err := Learn(c.blank, c.filled, 1, Learning{Name: c.name, Type: "consent", Field: fieldOf})
		if f := fault.As(err); f == nil || f.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}
