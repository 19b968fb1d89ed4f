// Package ocr recognises the words of a page picture by the tesseract command (5 or later) in a confined child process.
package ocr

import (
	"context"
	"image"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/layout"
)

// Config says where the recogniser is and what it may use. The zero value works.
type Config struct {
	Tesseract string // path of the command; empty: looked up in PATH
	Language  string // model name; empty: eng
	Workers   int    // pages read at once; 0: one per core
	Strict    bool   // refuse to open unless every layer of confinement is active
}

// Engine recognises pages. It is safe for concurrent use.
type Engine struct{}

// Result is what was read from one page picture.
type Result struct {
	Words    []document.Word // boxes are fractions of the upright page; order is by geometry
	Rotation int             // clockwise degrees (0 90 180 270) that made the picture upright
	Skew     float64         // degrees clockwise that remain in the upright page
	Rules    []layout.Rule   // ruling lines of the upright page
	Blank    bool            // nothing but noise
}

// Open finds the recogniser and the layers of confinement that this host allows. A missing or
// too old command is an Unavailable fault, code ocr_missing.
func Open(c Config) (*Engine, error) {
	return nil, fault.New(fault.Unavailable, "ocr_missing", "the tesseract command is not there")
}

// Confinement names the active layers: namespaces, landlock, seccomp, rlimits, user.
func (e *Engine) Confinement() []string { return nil }

// Page reads one picture (0 black, 255 white). dpi is a hint, 0 where it is not known.
func (e *Engine) Page(ctx context.Context, img *image.Gray, dpi float64) (Result, error) {
	return Result{}, nil
}

// ChildMain must be the first call of main and of TestMain: args is os.Args. Where this process
// is the confined child, it becomes the recogniser and the call does not return.
func ChildMain(args []string) {}
