package pdf

import (
	"errors"
	"io"
	"reflect"
	"testing"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/layout"
	"chartlake/reader/readertest"
)

func one(words string) []byte {
	return readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 12, words)))
}

// own is an engine whose children nobody else uses.
func own(t *testing.T) *Engine {
	t.Helper()
	e := New(Config{CacheDir: readertest.Cache()})
	t.Cleanup(func() { e.Close() })
	return e
}

// TestChildIsKept: files one after the other share a child, and a child that is gone is replaced.
func TestChildIsKept(t *testing.T) {
	t.Parallel()
	e := own(t)
	first := open(t, e, one("first"), "")
	c := first.child
	first.Close()
	second := open(t, e, one("second"), "")
	if second.child != c {
		t.Error("the child was not used again")
	}
	third := open(t, e, one("third"), "")
	if third.child == c {
		t.Error("one child for two files at once")
	}
	second.Close()
	c.kill()
	<-c.ended
	again := open(t, e, one("again"), "")
	if p, err := again.Read(t.Context(), 1); err != nil || texts(p) != "again" {
		t.Errorf("after an idle child was killed: %v", err)
	}
	again.Close()
	if third.Close(); len(e.idle) != 2 {
		t.Fatalf("%d idle children", len(e.idle))
	}
	for _, c := range append([]*child(nil), e.idle...) {
		e.retire(c)
		<-c.ended
	}
	if len(e.idle) != 0 || len(e.children) != 0 {
		t.Errorf("%d idle, %d running after all were retired", len(e.idle), len(e.children))
	}
}

// TestChildDies: a page whose child dies is unreadable, the next one is read.
func TestChildDies(t *testing.T) {
	t.Parallel()
	f := open(t, engine(t), one("alive"), "")
	if err := f.child.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-f.child.ended
	if _, err := f.Read(t.Context(), 1); fault.As(err) == nil || fault.As(err).Code != "page_unreadable" {
		t.Errorf("got %v", err)
	}
	if p, err := f.Read(t.Context(), 1); err != nil || texts(p) != "alive" {
		t.Errorf("then %v", err)
	}
}

// failing is a file whose bytes after the first block cannot be read.
type failing struct{ io.ReaderAt }

var errDisk = errors.New("disk")

func (f failing) ReadAt(p []byte, offset int64) (int, error) {
	if offset > 0 {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p, offset)
}

// TestUnreadableFile: what cannot be read from the disk is no damaged PDF.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	file, size := readertest.Reader(readertest.PDF("", readertest.Letter(string(make([]byte, 4*blockSize)))))
	_, err := engine(t).Open(t.Context(), failing{file}, size, "")
	if !fault.Is(err, fault.Unavailable) || !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
}

func full() *Page {
	word := document.Word{Text: "größe", Box: document.Box{X: 0.1, Y: 0.2, W: 0.3, H: 0.01}, Confidence: 0.5, Bold: true, FontSize: 9.5, Hidden: true}
	box := document.Box{X: 0.5, Y: 0.25, W: 0.125, H: 1}
	return &Page{Width: 612, Height: 792, Rotation: 270, Words: []Word{{word, true}, {Word: document.Word{Text: "x"}}},
		Images: []Image{{box, 300}}, Rules: []layout.Rule{{X0: 0.1, Y0: 0.2, X1: 0.3, Y1: 0.2, Width: 0.001}},
		Fields: []document.Field{{Name: "n", Key: "k", Value: "v", KeyWords: []int{0}, ValueWords: []int{1, 0}, KeyBox: box, ValueBox: box,
			Confidence: 1, Source: "acroform", Rule: "acroform"}},
		Marks: []document.Mark{{State: document.MarkOn, Shape: "box", Label: "l", LabelWords: []int{1}, Group: "g", Box: box, Fill: 1, Confidence: 1}},
		Paths: 7, Rounds: 3, Chars: Chars{All: 6, Unknown: 1, Hidden: 5}, Scan: &Scan{Box: box, Width: 2550, Height: 3300, Orientation: 6, DPI: 300, object: 2},
		FormFailed: true, Truncated: true, Barred: true}
}

// TestPageMessage: a page comes out of its message as it went in, and every cut is noticed.
func TestPageMessage(t *testing.T) {
	t.Parallel()
	want := full()
	e := &encoder{}
	e.page(want)
	d := &decoder{b: e.b}
	if got := d.page(); d.bad || len(d.b) != 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for n := range e.b {
		if d := (&decoder{b: e.b[:n]}); d.page() != nil && !d.bad {
			t.Errorf("cut at %d of %d: not noticed", n, len(e.b))
		}
	}
}

// FuzzPageMessage: whatever a child says, a page of it is in form or refused, and takes no more
// memory than the message is long.
func FuzzPageMessage(f *testing.F) {
	e := &encoder{}
	e.page(full())
	f.Add(e.b)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &decoder{b: data}
		p := d.page()
		if d.bad {
			return
		}
		if n := len(p.Words); n > len(data)/50 {
			t.Errorf("%d words in %d bytes", n, len(data))
		}
		for _, f := range p.Fields {
			for _, w := range f.ValueWords {
				_ = p.Words[w]
			}
		}
		again := &encoder{}
		again.page(p)
		if d := (&decoder{b: again.b}); !reflect.DeepEqual(d.page(), p) || d.bad {
			t.Error("not the same when sent again")
		}
	})
}
