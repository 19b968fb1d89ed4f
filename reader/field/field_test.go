package field

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/layout"
)

func set(p *document.Page, x, y, size float64, text string) float64 {
	for _, w := range strings.Fields(text) {
		width := 0.6 * size * float64(len(w))
		p.Words = append(p.Words, document.Word{Text: w, Confidence: 1,
			Box: document.Box{X: x / p.Width, Y: y / p.Height, W: width / p.Width, H: size / p.Height}})
		x += width + 0.4*size
	}
	return x
}

func flat(x0, x1, y float64) layout.Rule {
	return layout.Rule{X0: x0 / 612, Y0: y / 792, X1: x1 / 612, Y1: y / 792}
}

func frame(x0, y0, x1, y1 float64) []layout.Rule {
	return []layout.Rule{flat(x0, x1, y0), flat(x0, x1, y1),
		{X0: x0 / 612, Y0: y0 / 792, X1: x0 / 612, Y1: y1 / 792}, {X0: x1 / 612, Y0: y0 / 792, X1: x1 / 612, Y1: y1 / 792}}
}

type want struct{ key, value, rule string }

func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		draw  func(p *document.Page) []layout.Rule
		wants []want
	}{
		{"colons on one line", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Patient Name: John Smith DOB: 01/02/1970 MRN: 4471920")
			return nil
		}, []want{{"Patient Name", "John Smith", "colon"}, {"DOB", "01/02/1970", "colon"}, {"MRN", "4471920", "colon"}}},
		{"value far to the right", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Member ID")
			set(p, 200, 80, 10, "XZ9147589652")
			set(p, 40, 96, 10, "Group Number")
			set(p, 200, 96, 10, "88120")
			return nil
		}, []want{{"Member ID", "XZ9147589652", "right"}, {"Group Number", "88120", "right"}}},
		{"label above", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 8, "Date of Birth")
			set(p, 40, 92, 10, "03/14/1962")
			set(p, 240, 80, 8, "Phone")
			set(p, 240, 92, 10, "(217) 555-0142")
			return nil
		}, []want{{"Date of Birth", "03/14/1962", "label_above"}, {"Phone", "(217) 555-0142", "label_above"}}},
		{"label below a line", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Jamie Cage")
			set(p, 40, 97, 8, "Patient Name")
			set(p, 300, 80, 10, "04/14/1995")
			set(p, 300, 97, 8, "Date of Birth")
			return []layout.Rule{flat(38, 200, 93), flat(298, 420, 93)}
		}, []want{{"Patient Name", "Jamie Cage", "label_below"}, {"Date of Birth", "04/14/1995", "label_below"}}},
		{"small label in a cell", func(p *document.Page) []layout.Rule {
			set(p, 52, 102, 6, "Favourite color of the applicant")
			set(p, 52, 116, 10, "Green")
			return frame(50, 100, 300, 130)
		}, []want{{"Favourite color of the applicant", "Green", "cell"}}},
		{"rule to write on", func(p *document.Page) []layout.Rule {
			x := set(p, 40, 80, 10, "Reviewed with")
			set(p, x+10, 79, 10, "Luis Gonzalez")
			return []layout.Rule{flat(x+2, 320, 91)}
		}, []want{{"Reviewed with", "Luis Gonzalez", "rule"}}},
		{"leaders", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Total Charges ........ $1,204.50")
			set(p, 40, 100, 10, "Signature ______________")
			return nil
		}, []want{{"Total Charges", "$1,204.50", "leader"}, {"Signature", "", "leader"}}},
		{"leaders with blanks", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Ward of admission . . . . . . North Wing")
			return nil
		}, []want{{"Ward of admission", "North Wing", "leader"}}},
		{"lines of an address", func(p *document.Page) []layout.Rule {
			x := set(p, 40, 80, 10, "Address:")
			set(p, x, 80, 10, "1420 Maple Street")
			set(p, x, 93, 10, "Springfield, IL 62704")
			return nil
		}, []want{{"Address", "1420 Maple Street\nSpringfield, IL 62704", "colon"}}},
		{"the look decides between two values", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Date of Service")
			set(p, 40, 96, 10, "Total Charges")
			set(p, 170, 96, 10, "$88.00")
			set(p, 170, 80, 10, "02/03/2024")
			return nil
		}, []want{{"Date of Service", "02/03/2024", "right"}, {"Total Charges", "$88.00", "right"}}},
		{"labels in narrow gaps that nobody knows", func(p *document.Page) []layout.Rule {
			x := set(p, 40, 80, 10, "Caregiver at home: Yarborough, Yolanda")
			set(p, x+4, 80, 10, "Stitches out on: 03/02/2024 Deliver to: North 3")
			return nil
		}, []want{{"Caregiver at home", "Yarborough, Yolanda", "colon"}, {"Stitches out on", "03/02/2024", "colon"}, {"Deliver to", "North 3", "colon"}}},
		{"an unknown label in a column of known ones", func(p *document.Page) []layout.Rule {
			for i, row := range [][2]string{{"Member ID", "XZ9147589652"}, {"Tray height", "Low"}, {"Stitches out on", "03/02/2024"}} {
				set(p, 40, 80+16*float64(i), 10, row[0])
				set(p, 200, 80+16*float64(i), 10, row[1])
			}
			return nil
		}, []want{{"Tray height", "Low", "right"}, {"Stitches out on", "03/02/2024", "right"}}},
		{"an unknown label in a row of known ones", func(p *document.Page) []layout.Rule {
			for i, pair := range [][2]string{{"Date of Birth", "03/14/1962"}, {"Mode of travel", "Ambulance"}, {"Deliver to", "1420 Maple Street"}} {
				set(p, 40+180*float64(i), 80, 8, pair[0])
				set(p, 40+180*float64(i), 92, 10, pair[1])
			}
			set(p, 400, 106, 10, "Springfield, IL 62704")
			return nil
		}, []want{{"Mode of travel", "Ambulance", "label_above"}, {"Deliver to", "1420 Maple Street\nSpringfield, IL 62704", "label_above"}}},
		{"unknown labels under lines, one in two lines", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Ambulance")
			set(p, 40, 95, 8, "Mode of travel")
			set(p, 300, 80, 10, "Jamie Cage")
			set(p, 300, 95, 8, "Name of the one who")
			set(p, 300, 104, 8, "brought the patient")
			return []layout.Rule{flat(38, 200, 92), flat(298, 470, 92)}
		}, []want{{"Mode of travel", "Ambulance", "label_below"}, {"Name of the one who\nbrought the patient", "Jamie Cage", "label_below"}}},
		{"a comb", func(p *document.Page) []layout.Rule {
			set(p, 40, 80, 10, "Date of birth")
			var rules []layout.Rule
			for i, c := range "03141962" {
				x := 140 + 14*float64(i)
				set(p, x+4, 80, 10, string(c))
				rules = append(rules, frame(x, 76, x+14, 93)...)
			}
			return rules
		}, []want{{"Date of birth", "03141962", "cell"}}},
		{"a cell whose label is as high as its value", func(p *document.Page) []layout.Rule {
			set(p, 52, 102, 6, "Favourite color")
			set(p, 52, 116, 10, "Green")
			set(p, 202, 102, 6, "Ease")
			set(p, 202, 116, 6.5, "no")
			return append(frame(50, 100, 200, 130), frame(200, 100, 350, 130)...)
		}, []want{{"Favourite color", "Green", "cell"}, {"Ease", "no", "cell"}}},
		{"dots that were read one by one", func(p *document.Page) []layout.Rule {
			x := set(p, 40, 80, 10, "Ward of stay . .. .")
			set(p, x+60, 80, 10, "North Wing")
			return nil
		}, []want{{"Ward of stay", "North Wing", "leader"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &document.Page{Width: 612, Height: 792, Source: document.SourceText}
			rules := c.draw(p)
			layout.Arrange(p, rules)
			got := map[string]document.Field{}
			for _, f := range Find(p, rules) {
				got[f.Key] = f
			}
			for _, w := range c.wants {
				f, ok := got[w.key]
				if !ok || f.Value != w.value || f.Rule != w.rule {
					t.Errorf("%q: got %q by %q, want %q by %q (found %d)", w.key, f.Value, f.Rule, w.value, w.rule, len(got))
				}
				if f.Confidence <= 0 || f.Confidence > 1 {
					t.Errorf("%q: confidence %v", w.key, f.Confidence)
				}
			}
		})
	}
}

// dense is a page of n rows of four labels with their values.
func dense(n int) *document.Page {
	p := &document.Page{Width: 612, Height: 792, Source: document.SourceText}
	for y := range n {
		for x := range 4 {
			at := set(p, 20+148*float64(x), 20+9*float64(y), 5, []string{"Member ID", "Tray height", "Date of birth:", "Ward of stay"}[(x+y)%4])
			set(p, at+8, 20+9*float64(y), 5, []string{"XZ914758", "North Wing 3", "03/14/1962", "Jamie Cage"}[(x+y)%4])
		}
	}
	layout.Arrange(p, nil)
	return p
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{20, 80} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := dense(n)
			b.ReportMetric(float64(len(p.Words)), "words")
			for b.Loop() {
				Find(p, nil)
			}
		})
	}
}

func TestNoFields(t *testing.T) {
	t.Parallel()
	p := &document.Page{Width: 612, Height: 792}
	set(p, 40, 80, 10, "Test")
	set(p, 160, 80, 10, "Result")
	set(p, 260, 80, 10, "Units")
	for i, v := range []string{"104", "1.12", "5.6"} {
		set(p, 40, 96+16*float64(i), 10, "Glucose")
		set(p, 160, 96+16*float64(i), 10, v)
		set(p, 260, 96+16*float64(i), 10, "mg/dL")
	}
	set(p, 40, 300, 10, "He was seen at 10:30 and the nurse who had admitted him said that this was fine")
	p.Words = append(p.Words, document.Word{Box: document.Box{X: 0.1, Y: 0.4, W: 0.1, H: 0.01}}) // says nothing
	set(p, 40, 330, 10, "Note: results are given by telephone between nine and noon only")
	rules := []layout.Rule{flat(60, 110, 362), flat(130, 560, 362)} // a broken line under a question
	set(p, 66, 350, 10, "Do you take a blood thinner at home")
	layout.Arrange(p, rules)
	for _, f := range Find(p, rules) {
		t.Errorf("%q = %q by %s", f.Key, f.Value, f.Rule)
	}
}

func TestLexicon(t *testing.T) {
	t.Parallel()
	l := newLexicon()
	if len(l.kinds) < 600 {
		t.Errorf("%d labels", len(l.kinds))
	}
	for text, want := range map[string]Kind{"D.O.B.:": KindDate, "Member ID #": KindID, "2. PATIENT'S NAME": KindName,
		"Amount Due": KindMoney, "Acct #": KindID} {
		if got, ok := l.lookup(text); !ok || got != want {
			t.Errorf("%q: %q %v, want %q", text, got, ok, want)
		}
	}
	if _, ok := l.lookup("the quick brown fox"); ok {
		t.Error("a sentence is a label")
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Kind{"01/02/1970": KindDate, "Jan 2, 2024": KindDate, "2024-01-02": KindDate,
		"(217) 555-0142": KindPhone, "$1,204.50": KindMoney, "88.00": KindMoney, "XJ4471920": KindID, "John Smith": KindName,
		"a.b@example.org": KindEmail, "1420 Maple Street": KindAddress, "62": KindNumber} {
		if got := shape(text); got != want {
			t.Errorf("%q looks like %q, want %q", text, got, want)
		}
	}
}

// TestCheapest compares the assignment with trying all.
func TestCheapest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		n := 1 + r.IntN(5)
		m := n + r.IntN(3)
		cost := make([][]float64, n)
		for i := range cost {
			cost[i] = make([]float64, m)
			for j := range cost[i] {
				cost[i][j] = float64(r.IntN(20))
			}
		}
		sum, used := 0.0, map[int]bool{}
		for i, j := range cheapest(cost) {
			if used[j] {
				t.Fatal("one column for two rows")
			}
			used[j] = true
			sum += cost[i][j]
		}
		if best := tryAll(cost, 0, map[int]bool{}); sum != best {
			t.Fatalf("cost %v, want %v: %v", sum, best, cost)
		}
	}
}

func tryAll(cost [][]float64, i int, used map[int]bool) float64 {
	if i == len(cost) {
		return 0
	}
	best := 1e9
	for j := range cost[i] {
		if !used[j] {
			used[j] = true
			best = min(best, cost[i][j]+tryAll(cost, i+1, used))
			delete(used, j)
		}
	}
	return best
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("\x10\x10Name: x\x20\x20DOB 1/2/2020"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 2000 {
			return
		}
		p := &document.Page{Width: 612, Height: 792}
		var rules []layout.Rule
		for ; len(in) >= 10; in = in[10:] {
			x, y := float64(in[0])*2.2, float64(in[1])*3
			if in[2]%4 == 0 {
				rules = append(rules, flat(x, x+float64(in[3]), y))
			} else {
				set(p, x, y, 4+float64(in[3]%12), strings.ToValidUTF8(string(in[4:10]), "?"))
			}
		}
		layout.Arrange(p, rules)
		for _, g := range Find(p, rules) {
			if g.Key == "" || g.Confidence < 0 || g.Confidence > 1 {
				t.Fatalf("broken field %+v", g)
			}
		}
	})
}

// TestHeadingOfMarks: what stands over places to mark is their question, though it is worded as a label.
func TestHeadingOfMarks(t *testing.T) {
	t.Parallel()
	p := &document.Page{Width: 612, Height: 792, Source: document.SourceText}
	set(p, 40, 80, 10, "Family history")
	set(p, 240, 80, 10, "Do you have now")
	for i := range 3 {
		y := 96 + 16*float64(i)
		set(p, 56, y, 10, "Diabetes")
		set(p, 256, y, 10, "Headache")
		for _, x := range []float64{40, 240} {
			p.Marks = append(p.Marks, document.Mark{Box: document.Box{X: x / 612, Y: y / 792, W: 10.0 / 612, H: 10.0 / 792}})
		}
	}
	layout.Arrange(p, nil)
	for _, f := range Find(p, nil) {
		t.Errorf("%q = %q by %s", f.Key, f.Value, f.Rule)
	}
}
