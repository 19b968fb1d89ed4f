package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"runtime/debug"
	"unicode/utf8"

	"chartlake/clinical"
	"chartlake/clinical/phi"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/reader/sniff"
	"chartlake/record"
	"chartlake/record/brat"
	"chartlake/record/comprehend"
)

// annotateCommand is `chartlake annotate`.
type annotateCommand struct {
	File   string `arg:"" help:"A document, a UTF-8 text file, or - for text on standard input."`
	Format string `help:"json (Findings), comprehend (DetectEntitiesV2), brat (standoff)." enum:"json,comprehend,brat" default:"json"`
	limits
	us
	models
}

func (annotateCommand) Help() string { return "Example: echo 'Denies fever.' | chartlake annotate -" }

// textMax is how much plain text is taken, in bytes.
const textMax = 64 << 20

// findings is the JSON of `annotate --format json` (docs/format/record.md).
type findings struct {
	TextSHA256 string            `json:"text_sha256"`
	Entities   []record.Entity   `json:"entities"`
	Sections   []record.Section  `json:"sections"`
	Versions   map[string]string `json:"versions"`
}

func (c annotateCommand) Run(e *env) error {
	if c.File == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, textMax+1))
		if err != nil {
			return err
		}
		return c.text(e, text)
	}
	f, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := sniff.Type(f, f.size); fault.Is(err, fault.Unsupported) && f.size <= textMax {
		text, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		return c.text(e, text)
	}
	g, err := e.open(c.limits, c.us, c.models, 0, false)
	if err != nil {
		return err
	}
	defer g.close()
	if g.stages.Clinical, err = identified(g.stages.Clinical); err != nil {
		return err
	}
	if _, err := g.reader.Sniff(f, f.size, ""); err != nil {
		return err
	}
	if c.Format != "json" { // these hold offsets into one text
		doc, err := g.stages.Reader.Read(e.ctx, f, f.size, reader.Options{})
		if err != nil {
			return err
		}
		return c.text(e, []byte(doc.Text(1, len(doc.Pages)).String))
	}
	rec, err := g.stages.Convert(e.ctx, f, f.size, reader.Options{})
	if err != nil {
		return err
	}
	out := findings{Versions: rec.Versions, TextSHA256: rec.Document.SHA256}
	for _, s := range rec.Segments {
		out.Entities = append(out.Entities, s.Entities...)
		out.Sections = append(out.Sections, s.Sections...)
	}
	return e.writeFindings(out)
}

// identified adds to an annotator what finds identifiers of persons.
func identified(a pipeline.Annotator) (pipeline.Annotator, error) {
	finder, err := phi.Open()
	if err != nil {
		return nil, err
	}
	return pipeline.Identified{Annotator: a, Finder: finder}, nil
}

func (c annotateCommand) text(e *env, text []byte) error {
	if len(text) > textMax {
		return fault.New(fault.TooLarge, "too_large", "the text has more than %d bytes", textMax)
	}
	if !utf8.Valid(text) {
		return fault.New(fault.Unsupported, "not_utf8", "the text is not UTF-8")
	}
	debug.SetGCPercent(textGC)
	finder := later(phi.Open)
	engine, err := clinical.OpenNow()
	if err != nil {
		return err
	}
	annotator, err := e.readText(c.models, engine)
	if err != nil {
		return err
	}
	names, err := finder()
	if err != nil {
		return err
	}
	annotator = pipeline.Identified{Annotator: annotator, Finder: names}
	f, err := annotator.Annotate(e.ctx, string(text))
	if err != nil {
		return err
	}
	switch c.Format {
	case "comprehend":
		return e.writeJSON(comprehend.Write(string(text), f.Entities, annotator.Version()))
	case "brat":
		return brat.Write(e.stdout, string(text), f.Entities)
	}
	sum := sha256.Sum256(text)
	return e.writeFindings(findings{TextSHA256: hex.EncodeToString(sum[:]), Entities: f.Entities, Sections: f.Sections,
		Versions: map[string]string{"clinical": annotator.Version()}})
}

// textGC is how much garbage may grow over what is held, in percent: half of Go's default, since a
// long text makes little else than what is held to the end.
const textGC = 50

// writeFindings writes findings as writeJSON does, a mention at a time: those of a long text are
// twenty times as long.
func (e *env) writeFindings(f findings) error {
	w := bufio.NewWriter(e.stdout)
	part := func(before string, v any, indent string) {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent(indent, "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			panic(err) // strings and numbers only
		}
		w.WriteString(before) // an error stays with w until Flush
		w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	}
	part("{\n  \"text_sha256\": ", f.TextSHA256, "  ")
	w.WriteString(",\n  \"entities\": [")
	for i := range f.Entities {
		if i > 0 {
			w.WriteByte(',')
		}
		part("\n    ", &f.Entities[i], "    ")
	}
	if len(f.Entities) > 0 {
		w.WriteString("\n  ")
	}
	if f.Sections == nil {
		f.Sections = []record.Section{}
	}
	part("],\n  \"sections\": ", f.Sections, "  ")
	part(",\n  \"versions\": ", f.Versions, "  ")
	w.WriteString("\n}\n")
	return w.Flush()
}
