package specimen

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "golang.org/x/image/tiff"

	"chartlake/eval/expected"
	"chartlake/fault"
)

func TestEveryLayoutInEveryConditionIsExact(t *testing.T) {
	t.Parallel()
	turn := 0 // each layout takes one or two of the conditions in turn, so that all come up
	for _, kind := range Kinds() {
		for _, layout := range append(Layouts(kind), ApartLayouts(kind)...) {
			turn++
			for i, condition := range Conditions() {
				if (i+turn)%8 != 0 {
					continue
				}
				s, err := Make(11, kind, layout, condition)
				if err != nil {
					t.Fatalf("%s %s %s: %v", kind, layout, condition, err)
				}
				check(t, s)
			}
		}
	}
}

// check asserts what holds of every specimen: the media type is the bytes' own, the
// expected result can be read back, and each value has a place on a page that exists.
func check(t *testing.T, s *Specimen) {
	t.Helper()
	e := s.Expected
	switch s.MediaType {
	case "application/pdf":
		if !bytes.HasPrefix(s.Bytes, []byte("%PDF-")) {
			t.Errorf("%s is no PDF", e.ID)
		}
	default:
		_, format, err := image.DecodeConfig(bytes.NewReader(s.Bytes))
		if err != nil || "image/"+format != s.MediaType {
			t.Errorf("%s: decodes as %s: %v", e.ID, format, err)
		}
	}
	text, err := e.Format()
	if err != nil {
		t.Fatal(err)
	}
	again, err := expected.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", e.ID, err)
	}
	if out, err := again.Format(); err != nil || !bytes.Equal(out, text) {
		t.Errorf("%s changes when read back: %v", e.ID, err)
	}
	if len(e.Fields) < 8 {
		t.Errorf("%s has only %d fields", e.ID, len(e.Fields))
	}
	for name, v := range e.Fields {
		for i := range v.Parts {
			place(t, e, expected.PartName(name, i))
		}
	}
	for i, row := range e.Lines {
		for cell := range row {
			place(t, e, fmt.Sprintf("lines[%d].%s", i, cell))
		}
	}
	for _, en := range e.Entities {
		if en.Box == nil || en.Box.Box.Empty() {
			t.Errorf("%s: a mention has no place", e.ID)
		}
		if strings.ContainsAny(en.Text, "[]{}") {
			t.Errorf("%s: a mark is left in %q", e.ID, en.Text)
		}
	}
}

func place(t *testing.T, e *expected.Document, key string) {
	t.Helper()
	at, ok := e.Boxes[key]
	if !ok || at.Box.Empty() || at.Page < 1 || at.Page > e.Source.Pages {
		t.Errorf("%s: %s has no place on a page: %v", e.ID, key, at)
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	// A photographed or scanned PDF of several pictures is the hard case: all have one width.
	for _, condition := range []Condition{PDF, Faxed, Photo, ScanPDF} {
		a, err := Make(3, InsuranceCard, "plain", condition)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Make(3, InsuranceCard, "plain", condition)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes, b.Bytes) {
			t.Errorf("%s: two runs differ", condition)
		}
		if diff := cmp.Diff(a.Expected, b.Expected); diff != "" {
			t.Errorf("%s: expected results differ:\n%s", condition, diff)
		}
	}
}

func TestInkIsWhereTheBoxSays(t *testing.T) {
	t.Parallel()
	for _, condition := range []Condition{Scan200, Skewed, Alpha} {
		s, err := Make(5, LabReport, "grid", condition)
		if err != nil {
			t.Fatal(err)
		}
		if s.Expected.Source.Pages > 1 {
			t.Skip("this seed has several pages; choose another")
		}
		img, _, err := image.Decode(bytes.NewReader(s.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		for key, at := range s.Expected.Boxes {
			inside := ink(img, at.Box.X, at.Box.Y, at.Box.W, at.Box.H)
			if inside < 0.03 {
				t.Errorf("%s: %s has %.3f ink in its box", condition, key, inside)
			}
		}
	}
}

// ink is the share of dark pixels in a box, transparent ones counted by their opacity.
func ink(img image.Image, x, y, w, h float64) float64 {
	b := img.Bounds()
	dark, all := 0, 0
	for py := int(y * float64(b.Dy())); py < int((y+h)*float64(b.Dy())); py++ {
		for px := int(x * float64(b.Dx())); px < int((x+w)*float64(b.Dx())); px++ {
			r, g, bl, a := img.At(b.Min.X+px, b.Min.Y+py).RGBA()
			all++
			if (r+g+bl)/3+(0xffff-a) < 0x8000 {
				dark++
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(dark) / float64(all)
}

func TestPlantedContradictionsComeUp(t *testing.T) {
	t.Parallel()
	raised := map[string]int{}
	for seed := range uint64(80) {
		for _, kind := range Kinds() {
			d, err := Draw(seed, kind, Layouts(kind)[0])
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range d.Expected.Flags {
				raised[f.Code[0]]++
				if _, there := d.Expected.Checks[f.Code[0]]; there {
					t.Errorf("seed %d: %s is planted and must not fire", seed, f.Code[0])
				}
			}
		}
	}
	for _, code := range []string{"flag_mismatch", "section_conflict", "unsigned", "date_order", "page_missing"} {
		if raised[code] == 0 {
			t.Errorf("%s never comes up: %v", code, raised)
		}
	}
}

func TestOnePatientHasDocumentsOfEveryKind(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, kind := range Kinds() {
		d, err := Draw(21, kind, Layouts(kind)[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range d.Expected.FHIR {
			if x.ResourceType == "Patient" && strings.HasPrefix(x.Expr, "name") {
				names[x.Expr] = true
			}
		}
	}
	if len(names) != 1 {
		t.Errorf("one seed has %d patients", len(names))
	}
}

func TestUnknownKindLayoutAndCondition(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"kind": second(Make(1, "novel", "plain", PDF)), "layout": second(Make(1, InsuranceCard, "nowhere", PDF)), "condition": second(Make(1, InsuranceCard, "plain", "drowned")),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ *Specimen, err error) error { return err }

func TestDemo(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for n := range 12 {
		s, err := Demo(1, n)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(s.Name, "apart") {
			t.Errorf("the demonstration shows a layout that is kept apart: %s", s.Name)
		}
		ids[s.Expected.Source.SHA256] = true
	}
	if len(ids) != 12 {
		t.Errorf("12 documents have %d different contents", len(ids))
	}
}

// A summary must not forbid what it affirms in other words: its expected record would fail.
func TestNothingThatIsAffirmedIsForbidden(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		s, err := Make(seed, DischargeSummary, "classic", PDF)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, e := range s.Expected.Entities {
			if affirmed(e) {
				said = append(said, e.Text)
			}
		}
		denied := 0
		for _, m := range s.Expected.MustNot {
			if m.Entity == "" {
				continue
			}
			denied++
			if anySays(said, m.Entity) {
				t.Errorf("seed %d forbids and affirms one problem", seed)
			}
		}
		if denied == 0 {
			t.Errorf("seed %d forbids nothing", seed)
		}
	}
}

// TestTrueReading: the words of every reading layout stand where there is ink, in every
// condition that moves it, and the conditions differ in size as they say.
func TestTrueReading(t *testing.T) {
	t.Parallel()
	turn := 0
	for _, kind := range ReadingKinds() {
		for _, layout := range append(Layouts(kind), ApartLayouts(kind)...) {
			turn++
			condition := []Condition{Scan150, Noisy, FaxedLow, Shadow, TIFF}[turn%5]
			t.Run(string(kind)+" "+layout+" "+string(condition), func(t *testing.T) {
				t.Parallel()
				s, err := Make(9, kind, layout, condition)
				if err != nil {
					t.Fatal(err)
				}
				img, _, err := image.Decode(bytes.NewReader(s.Bytes))
				if err != nil {
					t.Fatal(err)
				}
				p := s.Reading.Pages[0]
				if len(p.Words) < 20 || kind == Form && (p.Fields == nil || p.Marks == nil) || kind == Article && p.Fields != nil || (kind == Table) != (len(p.Tables) == 1) || (kind == Label) != (len(p.Codes) > 0) {
					t.Fatalf("%d words, %d fields, %d marks, %d tables", len(p.Words), len(p.Fields), len(p.Marks), len(p.Tables))
				}
				if (p.Skew == nil) != (condition == Shadow) || p.Rotation == nil || *p.Rotation != 0 {
					t.Errorf("skew %v, rotation %v", p.Skew, p.Rotation)
				}
				if condition == Shadow {
					return // stored as the camera was held; its letters are light
				}
				for _, w := range p.Words {
					if inside := ink(img, w.Box.X, w.Box.Y, w.Box.W, w.Box.H); inside < 0.02 {
						t.Errorf("%q has %.3f ink in its box", w.Text, inside)
					}
				}
			})
		}
	}
}

// TestOrdersOfEdges takes the line of a fax machine to either end of a page.
func TestOrdersOfEdges(t *testing.T) {
	t.Parallel()
	s, err := Make(1, Table, "statement", Faxed)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Reading.Pages[0]
	if p.Words[0].Text != "FROM:" {
		t.Errorf("the page begins with %q", p.Words[0].Text)
	}
	last := false
	for _, order := range p.Orders {
		last = last || p.Words[order[0]].Text == "Statement" && strings.HasPrefix(p.Words[order[len(order)-1]].Text, "001/")
		if first := p.Words[order[0]].Text; first != "FROM:" && first != "Statement" {
			t.Errorf("a right order begins with %q", first)
		}
	}
	if !last {
		t.Error("no order ends with the line of the fax machine")
	}
}

func TestReadingOrder(t *testing.T) {
	t.Parallel()
	s, err := Make(1, Article, "newsletter", PDF)
	if err != nil {
		t.Fatal(err)
	}
	// Words of the left column all come before those of the right one.
	right := false
	for _, w := range s.Reading.Pages[0].Words {
		if w.Box.Y < 0.12 || w.Box.Y > 0.95 {
			continue
		}
		if w.Box.X > 0.5 {
			right = true
		} else if right {
			t.Fatalf("%q of the left column is read after the right one", w.Text)
		}
	}
	if !right {
		t.Fatal("there is no right column")
	}
	s, err = Make(1, Form, "boxed", PDF)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Reading.Pages[0]
	if len(p.Orders) == 0 {
		t.Fatal("a form of boxes may be read box by box")
	}
	at := func(order []int, text string) int {
		for i, w := range order {
			if p.Words[w].Text == text {
				return i
			}
		}
		return -1
	}
	if birth, name := at(p.Orders[0], "BIRTH"), at(p.Orders[0], strings.Fields(p.Fields[0].Value)[0]); name < 0 || birth < name {
		t.Errorf("box by box: the second label is word %d, the first value word %d", birth, name)
	}
}

// TestPapers: every design of the plainer kinds draws, reads back and says where its values stand.
func TestPapers(t *testing.T) {
	t.Parallel()
	planted := map[string]int{}
	for _, kind := range PaperKinds() {
		layouts := append(Layouts(kind), ApartLayouts(kind)...)
		if len(layouts) < 4 {
			t.Errorf("%s has %d layouts", kind, len(layouts))
		}
		for seed := range uint64(16) {
			d, err := Draw(seed, kind, layouts[int(seed)%len(layouts)])
			if err != nil {
				t.Fatal(err)
			}
			d.Expected.Source.Pages = len(d.Sheets)
			for name, v := range d.Expected.Fields {
				for i := range v.Parts {
					place(t, &d.Expected, expected.PartName(name, i))
				}
			}
			for _, f := range d.Expected.Flags {
				planted[f.Code[0]]++
			}
		}
	}
	for _, code := range []string{"sum_mismatch", "npi_check_digit", "date_order", "dea_check_digit", "units"} {
		if planted[code] == 0 {
			t.Errorf("%s is never planted", code)
		}
	}
}
