package pipelinetest

import (
	"os"
	"testing"

	"chartlake/clinical"
	"chartlake/clinical/phi"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/reader/readertest"
)

func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

func TestOwnReader(t *testing.T) {
	t.Parallel()
	page := func(text string) readertest.Page { return readertest.Letter(readertest.Line(72, 700, 11, text)) }
	file := File{readertest.PDF("", page("Denies fever."), page("Takes aspirin 81 mg daily."), page("Seen again in May.")), 3}
	Reader(t, file, func(t *testing.T) pipeline.Reader {
		r, err := reader.Open(reader.Config{CacheDir: readertest.Cache()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		return r
	})
}

func TestOwnAnnotator(t *testing.T) {
	t.Parallel()
	engine, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	Annotator(t, func(*testing.T) pipeline.Annotator { return pipeline.Own{Engine: engine} })
	finder, err := phi.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("identified", func(t *testing.T) {
		t.Parallel()
		Annotator(t, func(*testing.T) pipeline.Annotator {
			return pipeline.Identified{Annotator: pipeline.Own{Engine: engine}, Finder: finder}
		})
	})
}
