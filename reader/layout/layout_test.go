package layout

import (
	"encoding/binary"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/pixel"
)

// set places the words of a text from (x, y) on, 6 units a letter and 10 high, on a page of
// 612 × 792, and gives the place after the last.
func set(p *document.Page, x, y float64, text string) float64 {
	for _, w := range strings.Fields(text) {
		width := 6 * float64(len(w))
		p.Words = append(p.Words, document.Word{Text: w, Confidence: 1,
			Box: document.Box{X: x / p.Width, Y: y / p.Height, W: width / p.Width, H: 10 / p.Height}})
		x += width + 4
	}
	return x
}

func sheet() *document.Page { return &document.Page{Width: 612, Height: 792} }

func reading(p *document.Page) string {
	var lines []string
	for _, l := range p.Lines {
		var words []string
		for _, w := range l.Words {
			words = append(words, p.Words[w].Text)
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return strings.Join(lines, "\n")
}

func shuffle(p *document.Page) {
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(p.Words), func(i, j int) { p.Words[i], p.Words[j] = p.Words[j], p.Words[i] })
}

func TestColumnsOfProse(t *testing.T) {
	t.Parallel()
	p := sheet()
	left := []string{"The patient was seen in clinic today", "for follow up of a chronic cough which", "began last winter and has not improved", "despite two courses of treatment given", "by the referring physician in spring."}
	right := []string{"On examination the lungs were clear to", "auscultation and no wheeze was heard by", "either examiner during the whole visit", "so that imaging was ordered to exclude", "other causes of the persistent symptom."}
	set(p, 60, 40, "Clinical Bulletin of the Department")
	for i := range left {
		set(p, 40, 80+14*float64(i), left[i])
		set(p, 330, 83+14*float64(i), right[i])
	}
	shuffle(p)
	Arrange(p, nil)
	want := "Clinical Bulletin of the Department\n" + strings.Join(left, "\n") + "\n" + strings.Join(right, "\n")
	if got := reading(p); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestFormReadsAcross(t *testing.T) {
	t.Parallel()
	p := sheet()
	rows := [][2]string{{"Last Name: Gonzalez", "First Name: Maria"}, {"Date of Birth: 03/14/1962", "Sex: F"},
		{"Phone: (217) 555-0142", "City: Springfield"}, {"Policy Number: XJ4471920", "Group: 88120"}}
	var want []string
	for i, r := range rows {
		set(p, 40, 80+18*float64(i), r[0])
		set(p, 320, 80+18*float64(i), r[1])
		want = append(want, r[0], r[1])
	}
	shuffle(p)
	Arrange(p, nil)
	if got := reading(p); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s", got)
	}
}

func TestSideColumnBesideALetter(t *testing.T) {
	t.Parallel()
	p := sheet()
	head := []string{"Ward Clinic", "Main Street"}
	letter := []string{"Dear Doctor:", "Thank you for your kind referral.", "We saw no fever.", "The scan was clear and we will not", "repeat it.", "Sincerely,", "Jane Roe"}
	side := []string{"Physicians", "Ann Lee", "Tom Fox", "Geriatrics", "Sue Day", "Bo Katz"}
	foot := []string{"Page 1", "04/02/2025"}
	set(p, 40, 30, head[0])
	set(p, 450, 30, head[1])
	for i, l := range letter {
		set(p, 40, 100+14*float64(i), l)
	}
	for i, l := range side {
		set(p, 450, 103+17*float64(i), l)
	}
	set(p, 40, 760, foot[0])
	set(p, 450, 760, foot[1])
	shuffle(p)
	Arrange(p, nil)
	want := strings.Join(slices.Concat(head, letter, side, foot), "\n")
	if got := reading(p); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestFrameBesideText has a framed side column that ends before the text beside it does.
func TestFrameBesideText(t *testing.T) {
	t.Parallel()
	p := sheet()
	text := []string{"You came with a cough.", "We found no fever.", "Tests were normal.", "We gave you rest.", "Drink enough.", "Walk daily.", "Call us soon.", "Come again."}
	frame := []string{"Medicines", "Aspirin", "Visits", "Monday", "Friday"}
	for i, l := range text {
		set(p, 40, 100+20*float64(i), l)
	}
	for i, l := range frame {
		set(p, 420, 106+15*float64(i), l)
	}
	shuffle(p)
	Arrange(p, box(410, 95, 580, 180))
	if got, want := reading(p), strings.Join(slices.Concat(text, frame), "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestAnswersBesideQuestions has boxes that were read as letters and signs: no running text.
func TestAnswersBesideQuestions(t *testing.T) {
	t.Parallel()
	p := sheet()
	questions := []string{"Do you have asthma or use an inhaler?", "Have you fallen in the last year?", "Are you allergic to latex or rubber?", "Do you drink alcohol every day?"}
	answers := []string{"O Yes @ No", "O Yes O No", "@ Yes O No", "O Yes O No"}
	var want []string
	for i, q := range questions {
		set(p, 40, 80+18*float64(i), answers[i])
		set(p, 180, 80+18*float64(i), q)
		want = append(want, answers[i], q)
	}
	shuffle(p)
	Arrange(p, nil)
	if got := reading(p); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s", got)
	}
}

// TestManyWords: a page of 20,000 scattered words, as no person prints, keeps all of them.
func TestManyWords(t *testing.T) {
	t.Parallel()
	p := sheet()
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		set(p, 580*r.Float64(), 780*r.Float64(), "ab")
	}
	Arrange(p, nil)
	n := 0
	for _, l := range p.Lines {
		n += len(l.Words)
	}
	if n != 20_000 || len(p.Words) != n {
		t.Errorf("%d words in lines of %d", n, len(p.Words))
	}
}

func TestRuleEndsColumns(t *testing.T) {
	t.Parallel()
	p := sheet()
	left := []string{"The patient was seen in clinic today", "for follow up of a chronic cough which", "began last winter and has not improved"}
	right := []string{"On examination the lungs were clear to", "auscultation and no wheeze was heard by", "either examiner during the whole visit"}
	for i := range left {
		set(p, 40, 80+14*float64(i), left[i])
		set(p, 330, 80+14*float64(i), right[i])
		set(p, 40, 140+14*float64(i), left[i])
		set(p, 330, 140+14*float64(i), right[i])
	}
	shuffle(p)
	Arrange(p, []Rule{{X0: 30.0 / 612, Y0: 130.0 / 792, X1: 580.0 / 612, Y1: 130.0 / 792}})
	half := strings.Join(slices.Concat(left, right), "\n")
	if got := reading(p); got != half+"\n"+half {
		t.Errorf("got:\n%s", got)
	}
}

// box is the four rules around a rectangle of a 612 × 792 page.
func box(x0, y0, x1, y1 float64) []Rule {
	w, h := 612.0, 792.0
	return []Rule{{X0: x0 / w, Y0: y0 / h, X1: x1 / w, Y1: y0 / h}, {X0: x0 / w, Y0: y1 / h, X1: x1 / w, Y1: y1 / h},
		{X0: x0 / w, Y0: y0 / h, X1: x0 / w, Y1: y1 / h}, {X0: x1 / w, Y0: y0 / h, X1: x1 / w, Y1: y1 / h}}
}

func TestCellsOneByOne(t *testing.T) {
	t.Parallel()
	p := sheet()
	set(p, 52, 104, "Patient name")
	set(p, 52, 120, "Maria Gonzalez")
	set(p, 312, 104, "Insured address")
	set(p, 312, 120, "1420 Maple Street")
	shuffle(p)
	Arrange(p, append(box(50, 100, 300, 140), box(300, 100, 560, 140)...))
	want := "Patient name\nMaria Gonzalez\nInsured address\n1420 Maple Street"
	if got := reading(p); got != want {
		t.Errorf("got:\n%s", got)
	}
}

// TestHeadOfAnOpenTable has a table of which only the frame and the head's rule were found.
func TestHeadOfAnOpenTable(t *testing.T) {
	t.Parallel()
	p := sheet()
	want := []string{"Date", "Service", "Amount"}
	for i, head := range want {
		set(p, 60+180*float64(i), 64, head)
	}
	for i := range 9 {
		y := 90 + 34*float64(i)
		row := []string{"01/24/2025", "Urinalysis", "27.63"}
		for k, cell := range row {
			set(p, 60+180*float64(k), y, cell)
		}
		want = append(want, row...)
	}
	shuffle(p)
	Arrange(p, append(box(40, 60, 580, 80), box(40, 80, 580, 400)...))
	if got := reading(p); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s", got)
	}
}

func TestFurniture(t *testing.T) {
	t.Parallel()
	p := sheet()
	set(p, 30, 10, "03/14/2025 10:22 FROM: 217-555-0142 P. 2/5")
	for i := range 8 {
		set(p, 40, 120+14*float64(i), "an ordinary line of text that fills the page")
	}
	set(p, 270, 770, "Page 2 of 5")
	Arrange(p, nil)
	kinds := []document.BlockKind{}
	for _, b := range p.Blocks {
		kinds = append(kinds, b.Kind)
	}
	if len(kinds) < 3 || kinds[0] != document.BlockHeader || kinds[len(kinds)-1] != document.BlockFooter || kinds[1] != document.BlockText {
		t.Errorf("kinds %v", kinds)
	}
}

// whole checks the promise of Arrange: every word in one line, every line in one block.
func whole(t *testing.T, p *document.Page, words int) {
	t.Helper()
	inLine, inBlock := make([]int, words), make([]int, len(p.Lines))
	if len(p.Words) != words {
		t.Fatalf("%d words in, %d out", words, len(p.Words))
	}
	for _, l := range p.Lines {
		for _, w := range l.Words {
			inLine[w]++
		}
	}
	for _, b := range p.Blocks {
		for _, l := range b.Lines {
			inBlock[l]++
		}
	}
	for w, n := range inLine {
		if n != 1 {
			t.Fatalf("word %d is in %d lines", w, n)
		}
	}
	for l, n := range inBlock {
		if n != 1 {
			t.Fatalf("line %d is in %d blocks", l, n)
		}
	}
}

func FuzzArrange(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0.0)
	f.Add(make([]byte, 400), 5.0)
	f.Fuzz(func(t *testing.T, in []byte, skew float64) {
		if !(math.Abs(skew) <= 15) || len(in) > 8*300 {
			return
		}
		p := &document.Page{Width: 612, Height: 792, Skew: skew}
		var rules []Rule
		for ; len(in) >= 8; in = in[8:] {
			v := func(i int) float64 { return float64(binary.LittleEndian.Uint16(in[2*i:])) / 65535 }
			if in[0]%4 == 0 {
				rules = append(rules, Rule{v(0), v(1), v(2), v(3), 0})
				continue
			}
			p.Words = append(p.Words, document.Word{Text: string(rune('a' + in[1]%26)),
				Box: document.Box{X: v(0), Y: v(1), W: v(2) / 4, H: v(3) / 8}})
		}
		n := len(p.Words)
		Arrange(p, rules)
		whole(t, p, n)
	})
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, skew := range []float64{0, 1.4, -3} {
		img := image.NewGray(image.Rect(0, 0, 1275, 1650))
		for i := range img.Pix {
			img.Pix[i] = 255
		}
		line := func(x0, y0, x1, y1 int) {
			for y := y0; y < y1; y++ {
				for x := x0; x < x1; x++ {
					img.Pix[y*img.Stride+x] = 0
				}
			}
		}
		for i := range 4 {
			line(200, 300+150*i, 1000, 303+150*i)
			line(200+266*i, 300, 203+266*i, 753)
		}
		for i := range 300 { // letters, so that the page has a skew to be found
			x, y := 220+(i%60)*12, 800+(i/60)*40
			line(x, y, x+7, y+12+(i%3)*3-(i%3)*3)
		}
		level := pixel.NewLevel(1275, 1650, -skew)
		turned := img
		if skew != 0 {
			turned = level.Apply(img)
		}
		flat, steep := 0, 0
		for _, r := range Rules(turned) {
			if r.Vertical() {
				steep++
			} else {
				flat++
			}
		}
		if flat != 4 || steep != 4 {
			t.Errorf("skew %v: %d horizontal and %d vertical rules, want 4 and 4", skew, flat, steep)
		}
	}
}
