package layout

import (
	"strings"
	"testing"

	"chartlake/document"
)

// tick puts a place to tick at (x, y) and its label behind it.
func tick(p *document.Page, x, y float64, label string) {
	p.Marks = append(p.Marks, document.Mark{Box: document.Box{X: x / p.Width, Y: y / p.Height, W: 10 / p.Width, H: 10 / p.Height}})
	set(p, x+16, y, label)
}

// TestGroupsOfTicks: groups under headings are read down, answers beside their questions across,
// and without marks both are rows.
func TestGroupsOfTicks(t *testing.T) {
	t.Parallel()
	groups := [][]string{
		{"Family history", "Diabetes", "High blood pressure", "Stroke", "Kidney disease"},
		{"Do you have now", "Chest pain", "Headache", "Loss of weight", "Rash or itching"},
		{"How to reach you", "Telephone", "Letter"},
	}
	var down []string
	p := sheet()
	set(p, 40, 60, "Tick all that apply")
	for i, g := range groups {
		x := 40 + 180*float64(i)
		set(p, x, 90, g[0])
		for k, label := range g[1:] {
			tick(p, x, 90+16*float64(k+1), label)
		}
		down = append(down, g...)
	}
	set(p, 40, 200, "Signature of the patient or of a guardian who answers all questions for the patient")
	want := "Tick all that apply\n" + strings.Join(down, "\n") + "\nSignature of the patient or of a guardian who answers all questions for the patient"
	shuffle(p)
	Arrange(p, nil)
	if got := reading(p); got != want {
		t.Errorf("groups of ticks:\n%s\nwant:\n%s", got, want)
	}
	p.Marks = nil
	Arrange(p, nil)
	if got := reading(p); got == want {
		t.Error("without marks the groups are no columns")
	}
}

func TestAnswersToTickBesideQuestions(t *testing.T) {
	t.Parallel()
	p := sheet()
	set(p, 40, 60, "Questions")
	set(p, 300, 60, "Answers")
	want := []string{"Questions", "Answers"}
	for i, q := range []string{"Do you smoke?", "Do you drink alcohol?", "Are you pregnant?", "Do you have pain?"} {
		y := 80 + 16*float64(i)
		set(p, 40, y, q)
		tick(p, 300, y, "Yes")
		tick(p, 400, y, "No")
		want = append(want, q, "Yes", "No")
	}
	shuffle(p)
	Arrange(p, nil)
	if got := reading(p); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s", got)
	}
}
