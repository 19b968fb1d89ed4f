package textract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/aws/awstest"
	"chartlake/document"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/pipeline/pipelinetest"
	"chartlake/reader"
	"chartlake/reader/readertest"
)

func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

// scan is a picture with its number in its colour, so that what was sent can be told apart.
func scan(n int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 170, 220))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y := 50; y < 170; y++ {
		for x := 40; x < 130; x++ {
			img.Set(x, y, color.RGBA{R: uint8(20 * n), A: 255})
		}
	}
	return img
}

// stack is a PDF of pictures; the pages in typed have text instead.
func stack(pages int, typed ...int) []byte {
	var out []readertest.Page
	for n := 1; n <= pages; n++ {
		p := readertest.Page{Width: 612, Height: 792, Content: "q 612 0 0 792 0 0 cm /I1 Do Q", Pictures: []image.Image{scan(n)}}
		if slices.Contains(typed, n) {
			p = readertest.Letter(readertest.Line(72, 700, 11, fmt.Sprintf("Typed page %d says fever.", n)))
		}
		out = append(out, p)
	}
	return readertest.PDF("", out...)
}

// said is the page that the local Textract finds on picture n.
func said(n int) document.Page {
	p := document.Page{Number: n, Width: 170, Height: 220, Source: document.SourceOCR}
	word := func(text string, x, y float64) int {
		p.Words = append(p.Words, document.Word{Text: text, Confidence: 0.98, Box: document.Box{X: x, Y: y, W: 0.1, H: 0.02}})
		return len(p.Words) - 1
	}
	a, b, c := word("Picture", 0.1, 0.1), word("number", 0.22, 0.1), word(fmt.Sprint(n), 0.34, 0.1)
	k, v := word("Sodium:", 0.1, 0.2), word("140", 0.22, 0.2)
	p.Lines = []document.Line{{Words: []int{k, v}}, {Words: []int{a, b, c}}} // not in reading order
	p.Fields = []document.Field{{Key: "Sodium", Value: "140", KeyWords: []int{k}, ValueWords: []int{v}, Confidence: 0.9}}
	return p
}

// numberOf finds a picture's number in its colour.
func numberOf(data []byte) int {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return 0
	}
	b := img.Bounds()
	r, _, _, _ := img.At(b.Dx()/2, b.Dy()/2).RGBA()
	return (int(r>>8) + 10) / 20
}

// local is a local Textract that reads what scan draws, and files of stack by their pages.
func local(pages int, file []byte) *awstest.Textract {
	return &awstest.Textract{
		Read: func(data []byte) *document.Document {
			if bytes.Equal(data, file) {
				d := &document.Document{}
				for n := 1; n <= pages; n++ {
					d.Pages = append(d.Pages, said(n))
				}
				return d
			}
			n := numberOf(data)
			if n == 0 {
				return nil
			}
			p := said(n)
			p.Number = 1 // one picture has one page
			return &document.Document{Pages: []document.Page{p}}
		},
		Object: func(bucket, key string) []byte {
			if bucket != "in" || key != "a file.pdf" {
				return nil
			}
			return file
		},
	}
}

func own(t *testing.T) First {
	t.Helper()
	r, err := reader.Open(reader.Config{CacheDir: readertest.Cache(), NoOCR: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return small{r}
}

// small is a reader that draws small pages, which are quickly coded and decoded.
type small struct{ *reader.Reader }

func (s small) Picture(ctx context.Context, file io.ReaderAt, size int64, at reader.Sight) (image.Image, error) {
	if at.Page == 0 || at.Rotation != 0 {
		return nil, errors.New("no such picture is needed")
	}
	at.Width = min(at.Width, 170)
	return s.Reader.Picture(ctx, file, size, at)
}

func read(t *testing.T, r *Reader, file []byte, o reader.Options) (*document.Document, error) {
	t.Helper()
	return r.Read(t.Context(), bytes.NewReader(file), int64(len(file)), o)
}

// whole checks that every page is there once, typed or recognised, with its words.
func whole(t *testing.T, doc *document.Document, pages int, typed ...int) {
	t.Helper()
	if len(doc.Pages) != pages {
		t.Fatalf("%d pages, want %d", len(doc.Pages), pages)
	}
	for i := range doc.Pages {
		p := &doc.Pages[i]
		if p.Number != i+1 || p.Failed != nil {
			t.Fatalf("page %d at place %d: %+v", p.Number, i, p.Failed)
		}
		pipelinetest.Page(t, p)
		if slices.Contains(typed, i+1) {
			if p.Source != document.SourceText {
				t.Errorf("page %d has a text layer and was sent", i+1)
			}
			continue
		}
		text := doc.Text(i+1, i+1).String
		if p.Source != document.SourceOCR || text != fmt.Sprintf("Picture number %d\nSodium: 140", i+1) && text != fmt.Sprintf("Picture number %d\n\nSodium: 140", i+1) {
			t.Errorf("page %d says %q", i+1, text)
		}
		f := p.Fields
		if len(f) != 1 || f[0].Value != "140" || p.Words[f[0].ValueWords[0]].Text != "140" || p.Words[f[0].KeyWords[0]].Text != "Sodium:" {
			t.Errorf("page %d: field %+v", i+1, f)
		}
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	file := stack(5, 2, 4)
	s := local(5, file)
	r := New(Config{AWS: awstest.Config(t, awstest.New(t, s, awstest.JSON, nil).URL), First: own(t)})
	if !strings.Contains(r.Version(), "textract") {
		t.Errorf("version %q", r.Version())
	}
	doc, err := read(t, r, file, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	whole(t, doc, 5, 2, 4)
	if s.Pages != 3 {
		t.Errorf("%d pages were sent, want 3", s.Pages)
	}
}

// TestThroughIllness: whatever happens to an answer once or twice, every page is read, told once,
// and asked for a bounded number of times.
func TestThroughIllness(t *testing.T) {
	t.Parallel()
	first, file := own(t), stack(3)
	for name, ill := range awstest.All {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := local(3, file)
			config := awstest.Config
			if ill == awstest.Stall {
				config = awstest.Hasty
			}
			proxy := awstest.New(t, s, awstest.JSON, awstest.First(2, ill))
			told := map[int]int{}
			doc, err := read(t, New(Config{AWS: config(t, proxy.URL), First: first}), file, reader.Options{OnPage: func(p *document.Page, _ int) error { told[p.Number]++; return nil }})
			if err != nil {
				t.Fatal(err)
			}
			whole(t, doc, 3)
			if diff := cmp.Diff(map[int]int{1: 1, 2: 1, 3: 1}, told); diff != "" {
				t.Errorf("told:\n%s", diff)
			}
			most := 3 + 2
			if ill == awstest.Stall { // a busy machine may take long for a page that is well
				most = 3 * awstest.Tries
			}
			if n := proxy.Count(); n > most || proxy.Had(ill) != 2 {
				t.Errorf("asked %d times, %d of them ill", n, proxy.Had(ill))
			}
		})
	}
}

// TestServiceDown: a service that stays away ends the reading, after the bounded tries, with a
// code and without a word of what was sent or answered.
func TestServiceDown(t *testing.T) {
	t.Parallel()
	first, file := own(t), stack(1)
	for name, c := range map[string]struct {
		ill  awstest.Ill
		code string
	}{"throttled": {awstest.Throttle, "aws_throttled"}, "500": {awstest.Fail, "aws_unavailable"}, "lost": {awstest.Lost, "aws_unreachable"}, "half": {awstest.Half, "aws_unreachable"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := awstest.New(t, local(1, file), awstest.JSON, awstest.Every(1, c.ill))
			_, err := read(t, New(Config{AWS: awstest.Config(t, proxy.URL), First: first}), file, reader.Options{})
			f := fault.As(err)
			if f == nil || f.Kind != fault.Unavailable || f.Code != c.code || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v, want %s", err, c.code)
			}
			if n := proxy.Count(); n != awstest.Tries {
				t.Errorf("asked %d times, want %d", n, awstest.Tries)
			}
		})
	}
}

// TestPageRefused: a page that Textract cannot read is a failed page, and no other is touched.
func TestPageRefused(t *testing.T) {
	t.Parallel()
	file := stack(3)
	s := local(3, file)
	reads := s.Read
	s.Read = func(data []byte) *document.Document {
		if numberOf(data) == 2 {
			return nil
		}
		return reads(data)
	}
	proxy := awstest.New(t, s, awstest.JSON, nil)
	doc, err := read(t, New(Config{AWS: awstest.Config(t, proxy.URL), First: own(t)}), file, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range doc.Pages {
		if (p.Failed != nil) != (i == 1) {
			t.Errorf("page %d: %+v", i+1, p.Failed)
		}
	}
	if f := doc.Pages[1].Failed; f != nil && (f.Code != "aws_bad_document" || strings.Contains(f.Message, "canary")) {
		t.Errorf("%+v", f)
	}
	if proxy.Count() != 3 {
		t.Errorf("asked %d times", proxy.Count())
	}
}

// TestTogether: a long file is analysed where it lies, once, and what is left out is sent.
func TestTogether(t *testing.T) {
	t.Parallel()
	const pages = 6
	first, file := own(t), stack(pages, 3)
	for name, c := range map[string]struct {
		change func(*awstest.Textract)
		away   bool // the file lies nowhere
		sent   int  // pages by themselves
		start  int
		plan   func(int) awstest.Ill
	}{
		"at once":          {start: 1},
		"in small batches": {change: func(s *awstest.Textract) { s.Batch, s.Polls = 7, 3 }, start: 1},
		"a page left out":  {change: func(s *awstest.Textract) { s.Miss, s.End = 4, "PARTIAL_SUCCESS" }, start: 1, sent: 1},
		"failed":           {change: func(s *awstest.Textract) { s.End = "FAILED" }, start: 1, sent: 5},
		"not in S3":        {change: func(s *awstest.Textract) { s.Object = nil }, away: true, sent: 5},
		"refused": {change: func(s *awstest.Textract) {
			reads := s.Read
			s.Read = func(data []byte) *document.Document {
				if bytes.Equal(data, file) {
					return nil
				}
				return reads(data)
			}
		}, sent: 5},
		"through illness": {change: func(s *awstest.Textract) { s.Batch = 5 }, start: 1, plan: awstest.Mixed(3, 5)},
		"lost answers":    {change: func(s *awstest.Textract) { s.Batch = 5 }, start: 1, plan: awstest.Every(2, awstest.Lost)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := local(pages, file)
			if c.change != nil {
				c.change(s)
			}
			r := New(Config{AWS: awstest.Config(t, awstest.New(t, s, awstest.JSON, c.plan).URL), First: first, Long: 5, Poll: time.Millisecond})
			if !c.away {
				r = r.At(Place{Bucket: "in", Key: "a file.pdf"})
			}
			told := map[int]int{}
			for range 2 { // a second run of the same file asks for the same analysis
				clear(told)
				doc, err := read(t, r, file, reader.Options{OnPage: func(p *document.Page, of int) error {
					if told[p.Number]++; of != pages {
						t.Errorf("of %d", of)
					}
					return nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				whole(t, doc, pages, 3)
			}
			for n := 1; n <= pages; n++ {
				if told[n] != 1 {
					t.Errorf("page %d was told %d times", n, told[n])
				}
			}
			if s.Started != c.start || s.Pages != 2*c.sent {
				t.Errorf("%d analyses, %d pages by themselves; want %d and %d", s.Started, s.Pages, c.start, 2*c.sent)
			}
		})
	}
}

// TestTogetherEnds: an analysis that never ends does not outlive its context.
func TestTogetherEnds(t *testing.T) {
	t.Parallel()
	file := stack(3)
	s := local(3, file)
	s.Polls = 1 << 30
	ctx, cancel := context.WithCancel(t.Context())
	proxy := awstest.New(t, s, awstest.JSON, func(n int) awstest.Ill {
		if n == 5 {
			cancel()
		}
		return awstest.Well
	})
	r := New(Config{AWS: awstest.Config(t, proxy.URL), First: own(t), Long: 1, Poll: time.Millisecond}).At(Place{Bucket: "in", Key: "a file.pdf"})
	if _, err := r.Read(ctx, bytes.NewReader(file), int64(len(file)), reader.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPasses(t *testing.T) {
	t.Parallel()
	file := stack(4, 2)
	first := own(t)
	pipelinetest.Reader(t, pipelinetest.File{Data: file, Pages: 4}, func(t *testing.T) pipeline.Reader {
		proxy := awstest.New(t, local(4, file), awstest.JSON, nil)
		return New(Config{AWS: awstest.Config(t, proxy.URL), First: first})
	})
}
