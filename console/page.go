package console

import (
	"net/http"
	"strconv"
	"strings"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/store"
)

const (
	picturesAtOnce = 2    // pictures drawn at the same time, so that a scrolled stack leaves a core to others
	widthDefault   = 1000 // pixels
	widthMax       = 2400 // pixels: letter width at 280 dpi, the finest that zoom shows
	pagesMax       = 100_000
)

// widths are the picture widths that are drawn; a request gets the next one up, so that a
// client cannot ask for every width there is.
var widths = []int{160, 480, 1000, 1600, widthMax}

// picture answers GET /documents/{id}/pages/{n}.png?width= with the upright page.
func (s *server) picture(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "width")
	if err != nil {
		return err
	}
	name, ok := strings.CutSuffix(r.PathValue("file"), ".png")
	if !ok {
		return fault.New(fault.NotFound, "not_found", "a page picture is called N.png")
	}
	page, err := number(name, "page", 1, pagesMax)
	if err != nil {
		return err
	}
	width := widthDefault
	if text := q.Get("width"); text != "" {
		if width, err = number(text, "width", 1, widthMax); err != nil {
			return err
		}
		width = roundUp(width)
	}
	doc, err := s.row(r, actor)
	if err != nil {
		return err
	}
	if doc.Pages > 0 && page > doc.Pages {
		return fault.New(fault.NotFound, "no_such_page", "the document has %d pages", doc.Pages)
	}
	select {
	case s.drawing <- struct{}{}:
		defer func() { <-s.drawing }()
	case <-r.Context().Done():
		return nil // the client scrolled on
	}
	png, err := s.Picture(r.Context(), doc, page, width)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Content-Length", strconv.Itoa(len(png)))
	w.Write(png)
	return nil
}

func roundUp(width int) int {
	for _, w := range widths {
		if width <= w {
			return w
		}
	}
	return widthMax
}

type word struct {
	Text       string       `json:"text"`
	Box        document.Box `json:"box"`
	Confidence float64      `json:"confidence"`
}

// words answers GET /documents/{id}/words/{n}: the page's words in reading order (their
// indexes are what a correction by clicking names), its size and why it failed.
func (s *server) words(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	n, err := number(r.PathValue("page"), "page", 1, pagesMax)
	if err != nil {
		return err
	}
	doc, err := s.row(r, actor)
	if err != nil {
		return err
	}
	reading, err := s.Reading(r.Context(), actor, doc)
	if err != nil {
		return err
	}
	page := reading.Page(n)
	if page == nil {
		return fault.New(fault.NotFound, "no_such_page", "the document has %d pages", len(reading.Pages))
	}
	out := struct {
		Page   int               `json:"page"`
		Width  float64           `json:"width"`
		Height float64           `json:"height"`
		Words  []word            `json:"words"`
		Failed *document.Failure `json:"failed"`
	}{n, page.Width, page.Height, make([]word, 0, len(page.Words)), page.Failed}
	for _, x := range page.Words {
		out.Words = append(out.Words, word{x.Text, x.Box, x.Confidence})
	}
	return answer(w, out)
}
