package ocr

import (
	"context"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/layout"
)

// Config says where the recogniser is and what it may use. The zero value works.
type Config struct {
	Tesseract string        // path of the command; empty: looked up in PATH
	Models    string        // folder of the model files; empty: the command's own
	Language  string        // model name; empty: eng
	Workers   int           // pages read at once; 0: one per core
	Deadline  time.Duration // for one child; 0: two minutes
	Strict    bool          // refuse to open unless every layer of confinement holds
}

// Engine recognises pages. It is safe for concurrent use.
type Engine struct {
	config  Config
	version string
	wall    wall
	layers  []string
	slots   chan struct{}
}

// Result is what was read from one page picture.
type Result struct {
	Words    []document.Word // boxes are fractions of the upright page; order is by geometry
	Rotation int             // clockwise degrees (0 90 180 270) that made the picture upright
	Skew     float64         // degrees clockwise that remain in the upright page
	Rules    []layout.Rule   // ruling lines of the upright page
	Blank    bool            // nothing but noise
	Passes   int             // children that were run: 1 on an ordinary page, more where one reading was doubtful
}

// Open finds the recogniser and the layers of confinement that this host allows. A missing or
// too old command (below 5) or a missing model is an Unavailable fault, code ocr_missing; with
// Strict a layer that does not hold is one, code ocr_unconfined.
func Open(c Config) (*Engine, error) {
	if c.Tesseract == "" {
		c.Tesseract = "tesseract"
	}
	path, err := exec.LookPath(c.Tesseract)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "ocr_missing", "the tesseract command is not installed")
	}
	c.Tesseract = path
	if c.Language == "" {
		c.Language = "eng"
	}
	if c.Workers <= 0 {
		c.Workers = runtime.NumCPU()
	}
	if c.Deadline <= 0 {
		c.Deadline = 2 * time.Minute
	}
	e := &Engine{config: c, slots: make(chan struct{}, c.Workers)}
	e.wall, e.layers = confinement(path, c.Models)
	if missing := e.missing(); c.Strict && len(missing) > 0 {
		return nil, fault.New(fault.Unavailable, "ocr_unconfined", "these layers do not hold on this host: %s",
			strings.Join(missing, ", "))
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	return e, nil
}

// check asks the command for its version and its models, in the confinement that it will run in.
func (e *Engine) check() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := e.child(ctx, nil, "--version")
	if err != nil {
		return fault.New(fault.Unavailable, "ocr_missing", "the tesseract command does not run")
	}
	first, _, _ := strings.Cut(string(out), "\n")
	e.version = strings.TrimPrefix(strings.TrimPrefix(first, "tesseract "), "v")
	major, _, _ := strings.Cut(e.version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 5 {
		return fault.New(fault.Unavailable, "ocr_missing", "tesseract 5 or later is needed")
	}
	out, err = e.child(ctx, nil, e.modelArgs("--list-langs")...)
	if err != nil || !slices.Contains(strings.Fields(string(out)), e.config.Language) {
		return fault.New(fault.Unavailable, "ocr_missing", "tesseract has no model for the language %s", e.config.Language)
	}
	return nil
}

func (e *Engine) modelArgs(args ...string) []string {
	if e.config.Models != "" {
		args = append(args, "--tessdata-dir", e.config.Models)
	}
	return args
}

// Version is the recogniser's own version, for Provenance: "5.3.0".
func (e *Engine) Version() string { return e.version }

// Layers is every layer of confinement that there is, strongest first.
func Layers() []string {
	return []string{"namespaces", "landlock", "seccomp", "rlimits", "no_new_privs", "user"}
}

// Confinement names the layers that were tried and hold; doctor and /health show them.
func (e *Engine) Confinement() []string { return slices.Clone(e.layers) }

func (e *Engine) missing() []string {
	var out []string
	for _, l := range Layers() {
		if !slices.Contains(e.layers, l) {
			out = append(out, l)
		}
	}
	return out
}
