package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"
	"time"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"chartlake/document"
	"chartlake/record"
	"chartlake/store"
)

const (
	sheetWidth  = 1000 // pixels of a fixture's page
	sheetHeight = 1294
	lineHeight  = 30
)

// sheet draws a page and remembers where each word stands.
type sheet struct {
	picture *image.RGBA
	page    document.Page
	plain   font.Face
	bold    font.Face
	y       int
}

func newSheet(t testing.TB, number int) *sheet {
	t.Helper()
	face := func(ttf []byte) font.Face {
		f, err := opentype.Parse(ttf)
		if err != nil {
			t.Fatal(err)
		}
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: 19, DPI: 72})
		if err != nil {
			t.Fatal(err)
		}
		return face
	}
	s := &sheet{picture: image.NewRGBA(image.Rect(0, 0, sheetWidth, sheetHeight)), plain: face(goregular.TTF), bold: face(gobold.TTF), y: 90}
	draw.Draw(s.picture, s.picture.Bounds(), image.White, image.Point{}, draw.Src)
	s.page = document.Page{Number: number, Width: sheetWidth, Height: sheetHeight, DPI: 118, Source: document.SourceOCR, Confidence: 0.96}
	return s
}

// line writes cells at columns (pixels from the left) and gives the box of each.
func (s *sheet) line(bold bool, cells map[int]string) map[int]document.Box {
	face := s.plain
	if bold {
		face = s.bold
	}
	boxes := map[int]document.Box{}
	line := document.Line{}
	for x := 0; x < sheetWidth; x++ {
		text, ok := cells[x]
		if !ok {
			continue
		}
		at := x
		for _, w := range strings.Fields(text) {
			d := font.Drawer{Dst: s.picture, Src: image.NewUniform(color.Gray{30}), Face: face, Dot: fixed.P(at, s.y)}
			d.DrawString(w)
			box := document.Box{X: float64(at) / sheetWidth, Y: float64(s.y-17) / sheetHeight,
				W: float64(d.Dot.X.Ceil()-at) / sheetWidth, H: 23.0 / sheetHeight}
			line.Words, line.Box = append(line.Words, len(s.page.Words)), line.Box.Union(box)
			s.page.Words = append(s.page.Words, document.Word{Text: w, Box: box, Confidence: 0.96})
			boxes[x] = boxes[x].Union(box)
			at = d.Dot.X.Ceil() + 6
		}
	}
	s.page.Lines = append(s.page.Lines, line)
	s.y += lineHeight
	return boxes
}

// paper is a document that was read: its pages, their pictures, and its record.
type paper struct {
	row     store.Document
	reading document.Document
	record  record.Record
	sheets  []*sheet
}

func (p *paper) png(page, width int) []byte {
	src := p.sheets[page-1].picture
	dst := image.NewRGBA(image.Rect(0, 0, width, width*sheetHeight/sheetWidth))
	xdraw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), xdraw.Src, nil)
	var b bytes.Buffer
	png.Encode(&b, dst)
	return b.Bytes()
}

func text(s string) *string { return &s }

// labReport is a made-up report of two pages about a made-up patient: most of it sure, a
// name to check, a sum that conflicts, a value that is missing.
func labReport(t testing.TB, seed string) *paper {
	t.Helper()
	one, two := newSheet(t, 1), newSheet(t, 2)
	seg := record.Segment{Type: "lab_report", TypeConfidence: 0.98, Pages: [2]int{1, 2}, LOINC: "11502-2"}
	field := func(s *sheet, name, label, value string, kind record.Kind, state record.State, reasons ...string) {
		boxes := s.line(false, map[int]string{80: label + ":", 320: value})
		confidence := 0.97
		if state == record.Review {
			confidence = 0.62
		}
		seg.Fields = append(seg.Fields, record.Field{Name: name, Label: label, Value: text(value), Raw: value, Kind: kind,
			Confidence: confidence, Page: s.page.Number, Box: boxes[320], Source: "ocr", Rule: "colon", State: state, Reasons: reasons})
	}
	one.line(true, map[int]string{80: "LAKESIDE REGIONAL LABORATORY"})
	one.line(false, map[int]string{80: "1 Quay Street, Harbor Town"})
	one.y += 20
	field(one, "patient.name", "Patient", "Merriweather, Odalys "+seed, record.KindName, record.Accepted)
	field(one, "dob", "Date of birth", "1961-11-02", record.KindDate, record.Accepted)
	field(one, "mrn", "Record number", "LK-448102", record.KindID, record.Accepted)
	field(one, "sex", "Sex", "F", record.KindText, record.Accepted)
	field(one, "provider", "Ordered by", "Tobias Fenn, MD", record.KindText, record.Review, "low reading confidence on 2 characters")
	field(one, "collected", "Collected", "2026-04-17", record.KindDate, record.Review, "the report date 2026-04-16 is before this")
	seg.Fields = append(seg.Fields, record.Field{Name: "facility.npi", Label: "Laboratory NPI", Kind: record.KindID, State: record.Missing,
		Reasons: []string{"expected on this kind of document, nothing read"}})
	one.y += 26
	one.line(true, map[int]string{80: "Test", 400: "Result", 540: "Units", 700: "Reference"})
	for _, r := range [][4]string{{"Glucose", "118", "mg/dL", "70-99"}, {"Creatinine", "0.9", "mg/dL", "0.6-1.2"}, {"Sodium", "139", "mmol/L", "135-145"},
		{"Potassium", "4.2", "mmol/L", "3.5-5.1"}, {"Hemoglobin A1c", "6.4", "%", "4.0-5.6"}} {
		boxes := one.line(false, map[int]string{80: r[0], 400: r[1], 540: r[2], 700: r[3]})
		row := map[string]record.Field{}
		for name, cell := range map[string]struct {
			x    int
			text string
		}{"test": {80, r[0]}, "value": {400, r[1]}, "unit": {540, r[2]}, "range": {700, r[3]}} {
			f := record.Field{Name: name, Value: text(cell.text), Raw: cell.text, Kind: record.KindText, Confidence: 0.95, Page: 1,
				Box: boxes[cell.x], Source: "ocr", Rule: "table", State: record.Accepted}
			if r[0] == "Potassium" && name == "value" {
				f.State, f.Reasons = record.Review, []string{"the point may be a comma"}
			}
			row[name] = f
		}
		seg.Lines = append(seg.Lines, row)
	}
	two.line(true, map[int]string{80: "Comment"})
	boxes := two.line(false, map[int]string{80: "History of", 190: "type 2 diabetes", 350: ". Denies", 440: "chest pain", 545: ". Mother had", 680: "breast cancer"})
	entity := func(x int, words string, kind record.EntityType, change func(*record.Entity)) {
		box := boxes[x]
		e := record.Entity{ID: fmt.Sprint("e", x), Text: words, Type: kind, Page: 2, Box: &box, Section: "comment", Experiencer: "patient",
			Confidence: 0.93, State: record.Accepted, Rule: "lexicon"}
		change(&e)
		seg.Entities = append(seg.Entities, e)
	}
	entity(190, "type 2 diabetes", record.Problem, func(e *record.Entity) {
		e.Historical = true
		e.Codes = []record.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: "E11.9", Display: "Type 2 diabetes mellitus without complications", Score: 0.9}}
	})
	entity(440, "chest pain", record.Problem, func(e *record.Entity) { e.Negated, e.Cue = true, &record.Cue{Text: "Denies"} })
	entity(680, "breast cancer", record.Problem, func(e *record.Entity) { e.Experiencer = "family" })
	seg.Flags = []record.Flag{{Code: "date_order", Severity: record.SeverityError, Message: "collected 2026-04-17 is after reported 2026-04-16",
		Fields: []string{"collected"}, Evidence: []record.Evidence{{Page: 1, Box: seg.Fields[5].Box}}}}
	return finish("lab-"+seed, seg, one, two)
}

func finish(name string, seg record.Segment, sheets ...*sheet) *paper {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	p := &paper{sheets: sheets}
	p.row = store.Document{ReceivedAt: time.Now(), ID: id, SHA256: id, State: store.Received, MediaType: "image/tiff", Pages: len(sheets), Bytes: 181_233}
	p.reading = document.Document{SHA256: id, MediaType: "image/tiff"}
	p.record = record.Record{Document: record.Document{SHA256: id, Pages: len(sheets), MediaType: "image/tiff"}, Segments: []record.Segment{seg},
		Versions: map[string]string{"reader": "test", "form": "test"}}
	for _, s := range sheets {
		p.reading.Pages = append(p.reading.Pages, s.page)
		p.record.Pages = append(p.record.Pages, record.Page{Page: s.page.Number, Source: s.page.Source, Confidence: 0.96, Words: len(s.page.Words)})
	}
	return p
}
