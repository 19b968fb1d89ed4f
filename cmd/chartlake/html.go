package main

import (
	"encoding/base64"
	"html/template"

	"chartlake/document"
	"chartlake/reader"
	"chartlake/record"
)

// shownPage is a page picture with the boxes that lie on it.
type shownPage struct {
	Number  int
	Picture template.URL
	Boxes   []shownBox
	Failed  string
}

type shownBox struct {
	document.Box
	Title, State string
}

// pageHTML is one self-contained file: pictures inside, no script.
var pageHTML = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Chartlake record</title>
<style>
body{font:15px/1.4 system-ui,sans-serif;margin:1.5rem;color:#1c2430;background:#f5f6f8}
.page{position:relative;max-width:900px;margin:0 0 1.5rem;background:#fff;box-shadow:0 1px 4px #0003}
.page img{display:block;width:100%}.page svg{position:absolute;inset:0;width:100%;height:100%}
rect{fill-opacity:.12;stroke-width:.15;vector-effect:non-scaling-stroke}
.accepted{fill:#2b8a3e;stroke:#2b8a3e}.review{fill:#e67700;stroke:#e67700;stroke-dasharray:1 .6}
table{border-collapse:collapse;background:#fff;margin-bottom:1.5rem}td,th{border:1px solid #d5dae1;padding:.25rem .6rem;text-align:left;vertical-align:top}
</style>
<h1>{{.Record.Document.SHA256}}</h1>
{{range .Pages}}<h2>Page {{.Number}}</h2>{{if .Failed}}<p>not read: {{.Failed}}</p>{{else}}
<div class="page"><img alt="page {{.Number}}" src="{{.Picture}}"><svg viewBox="0 0 100 100" preserveAspectRatio="none">
{{range .Boxes}}<rect class="{{.State}}" x="{{.X}}" y="{{.Y}}" width="{{.W}}" height="{{.H}}"><title>{{.Title}}</title></rect>
{{end}}</svg></div>{{end}}{{end}}
{{range .Record.Segments}}<h2>{{.Type}}, pages {{index .Pages 0}} to {{index .Pages 1}}</h2>
<table><tr><th>name</th><th>value</th><th>state</th><th>confidence</th><th>page</th></tr>
{{range .Fields}}<tr><td>{{.Name}}</td><td>{{if .Value}}{{.Value}}{{end}}</td><td>{{.State}}</td><td>{{printf "%.2f" .Confidence}}</td><td>{{.Page}}</td></tr>
{{end}}</table>
{{if .Entities}}<table><tr><th>words</th><th>kind</th><th>section</th><th>negated</th><th>whose</th><th>state</th></tr>
{{range .Entities}}<tr><td>{{.Text}}</td><td>{{.Type}}</td><td>{{.Section}}</td><td>{{.Negated}}</td><td>{{.Experiencer}}</td><td>{{.State}}</td></tr>
{{end}}</table>{{end}}
{{range .Flags}}<p><b>{{.Code}}</b> ({{.Severity}}): {{.Message}}</p>{{end}}
{{end}}</html>
`))

func (e *env) writeHTML(r *reader.Reader, f *input, password string, rec *record.Record) error {
	var shown []shownPage
	for _, p := range rec.Pages {
		s := shownPage{Number: p.Page}
		if p.Failed != nil {
			s.Failed = p.Failed.Code
		} else {
			png, err := picture(e.ctx, r, f, f.size, reader.Sight{Password: password, Page: p.Page, Rotation: p.Rotation})
			if err != nil {
				return err
			}
			s.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
			s.Boxes = boxesOn(rec, p.Page)
		}
		shown = append(shown, s)
	}
	return pageHTML.Execute(e.stdout, map[string]any{"Record": rec, "Pages": shown})
}

// boxesOn gathers the boxes of a page in hundredths of it, the unit of the SVG.
func boxesOn(rec *record.Record, page int) []shownBox {
	var out []shownBox
	add := func(p int, b document.Box, title string, state record.State) {
		if p == page && !b.Empty() {
			out = append(out, shownBox{document.Box{X: b.X * 100, Y: b.Y * 100, W: b.W * 100, H: b.H * 100}, title, string(state)})
		}
	}
	for _, s := range rec.Segments {
		for _, f := range s.Fields {
			add(f.Page, f.Box, f.Name, f.State)
		}
		for _, line := range s.Lines {
			for name, f := range line {
				add(f.Page, f.Box, name, f.State)
			}
		}
		for _, en := range s.Entities {
			if en.Box != nil {
				add(en.Page, *en.Box, string(en.Type), en.State)
			}
		}
	}
	return out
}
