package ocr

import (
	"context"
	"image"
	"math"
	"slices"

	"chartlake/reader/pixel"
)

// A short doubtful line is shown twice more, smaller and smoother: what the network is unsure of
// changes with such trifles, what it sees stays. Where both others agree, or one is much
// surer, their word is taken; it stays as doubtful as it was, so that nothing is accepted for
// having been read often.

const (
	againBelow  = 0.8 // a line with a word of less confidence is shown again
	againScale  = 0.7 // of the smaller picture
	againBetter = 0.15
	againWords  = 4 // of a line: longer ones have their context
)

// again reads the doubtful pictures of a page a second time and settles their words. passes is
// how many children it took, 0 or 1.
func (e *Engine) again(ctx context.Context, pictures []*image.Gray, answers [][]reading) (passes int, err error) {
	var doubtful []int
	var more []*image.Gray
	for i, words := range answers {
		if len(words) > againWords || len(words) > 0 && !slices.ContainsFunc(words, func(r reading) bool { return r.confidence < againBelow }) {
			continue
		}
		b := pictures[i].Bounds()
		small := pixel.Resize(pictures[i], max(int(againScale*float64(b.Dx())), 1), max(int(againScale*float64(b.Dy())), 1))
		doubtful = append(doubtful, i)
		more = append(more, small, pixel.Blur(pictures[i]))
	}
	if len(doubtful) == 0 {
		return 0, nil
	}
	others, err := e.lines(ctx, more)
	if err != nil {
		return 1, err
	}
	for k, i := range doubtful {
		a, b := others[2*k], others[2*k+1]
		for j := range a {
			a[j].x, a[j].w = enlarged(a[j].x), enlarged(a[j].w)
		}
		answers[i] = settle(answers[i], a, b)
	}
	return 1, nil
}

func enlarged(v int) int { return int(math.Round(float64(v) / againScale)) }

// settle chooses among three readings of one line: word by word where they have as many words,
// else the whole of a short line.
func settle(first, a, b []reading) []reading {
	switch {
	case len(first) == 0:
		if texts(a) == texts(b) {
			return a
		}
	case len(first) == len(a) && len(first) == len(b):
		for i := range first {
			first[i].text = elect(first[i], a[i], b[i])
		}
	case len(a) == len(b) && len(a) > 0 && texts(a) == texts(b) && len(first) < 4:
		least := 1.0
		for _, r := range first {
			least = min(least, r.confidence)
		}
		for i := range a {
			a[i].confidence = min(a[i].confidence, least)
		}
		return a
	}
	return first
}

// elect gives the text of one word.
func elect(first, a, b reading) string {
	switch {
	case first.text == a.text || first.text == b.text || first.confidence >= againBelow:
		return first.text
	case a.text == b.text, a.confidence >= b.confidence && a.confidence > first.confidence+againBetter:
		return a.text
	case b.confidence > first.confidence+againBetter:
		return b.text
	}
	return first.text
}

func texts(words []reading) string {
	s := ""
	for _, w := range words {
		s += w.text + " "
	}
	return s
}
