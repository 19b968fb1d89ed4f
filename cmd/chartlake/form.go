package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/form"
	"chartlake/form/template"
	"chartlake/reader"
	"chartlake/record"
)

// formCommand is `chartlake form`.
type formCommand struct {
	Learn formLearn `cmd:"" help:"Make a template of a form from one blank and one filled print."`
}

// formLearn is `chartlake form learn`.
type formLearn struct {
	Blank  string `arg:"" help:"The form without entries."`
	Filled string `arg:"" help:"The form with entries in every place that matters."`
	Name   string `help:"What the form is called: letters, digits, - and _." required:""`
	Type   string `help:"Type of the documents that are filled in on it (docs/format/record.md)." required:""`
	Forms  string `help:"Folder to write the template to; serve, work and convert read it." placeholder:"DIR" required:"" env:"CHARTLAKE_FORMS"`
	limits
}

func (formLearn) Help() string {
	return "Example: chartlake form learn blank.pdf filled.pdf --name loan-2026 --type consent --forms forms\n\nThe template is a text file that a person can read and mend: docs/format/template.md."
}

func (c formLearn) Run(e *env) error {
	if !form.Known(record.Type(c.Type)) {
		return usage("there is no such type of document; docs/format/record.md lists them")
	}
	r, err := reader.Open(reader.Config{CacheDir: e.cacheDir(), Limits: reader.Limits{Bytes: c.MaxBytes, Pages: c.MaxPages, Pixels: c.MaxPixels}})
	if err != nil {
		return err
	}
	defer r.Close()
	var docs [2]*document.Document
	for i, name := range []string{c.Blank, c.Filled} {
		f, err := openInput(name)
		if err != nil {
			return err
		}
		docs[i], err = r.Read(e.ctx, f, f.size, reader.Options{})
		f.Close()
		if err != nil {
			return err
		}
	}
	if err := os.MkdirAll(c.Forms, 0o700); err != nil {
		return unwritable(err)
	}
	for n := range docs[0].Pages {
		name := c.Name
		if len(docs[0].Pages) > 1 {
			name = fmt.Sprintf("%s-p%d", c.Name, n+1)
		}
		text, err := form.Learn(docs[0], docs[1], n+1, name, record.Type(c.Type))
		if err != nil {
			return err
		}
		file := filepath.Join(c.Forms, name+formSuffix)
		if err := writeOutput(file, []byte(text)); err != nil {
			return err
		}
		t, err := template.Parse(text)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s: %d fields, %d tick boxes\n", file, t.Boxes(), t.Ticks())
	}
	return nil
}

// formSuffix is how the names of template files end.
const formSuffix = ".form.txt"

// Bounds of a folder of templates.
const (
	formsMax     = 200
	formBytesMax = 1 << 20
)

// ownForms reads the templates of a folder; none for an empty name.
func ownForms(dir string) (form.Forms, error) {
	if dir == "" {
		return nil, nil
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fault.New(fault.NotFound, "no_such_folder", "the folder of forms does not exist")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+formSuffix))
	if err != nil {
		return nil, err
	}
	if len(files) > formsMax {
		return nil, fault.New(fault.TooLarge, "forms_many", "the folder of forms holds more than %d", formsMax)
	}
	sort.Strings(files)
	var own form.Forms
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		if info.Size() > formBytesMax {
			return nil, fault.New(fault.TooLarge, "form_large", "form %d of the folder is larger than %d bytes", i+1, formBytesMax)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		t, err := template.Parse(string(text))
		if err != nil {
			return nil, fault.New(fault.Invalid, "form_template", "form %d of the folder: %v", i+1, err)
		}
		if !form.Known(record.Type(t.Type)) {
			return nil, fault.New(fault.Invalid, "form_type", "form %d of the folder has a type that is not known", i+1)
		}
		own = append(own, t)
	}
	return own, nil
}
