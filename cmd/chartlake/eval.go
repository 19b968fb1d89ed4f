package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"chartlake/eval"
	"chartlake/eval/specimen"
	"chartlake/fault"
	"chartlake/reader"
	"chartlake/record"
)

// evalCommand is `chartlake eval`.
type evalCommand struct {
	Documents evalDocuments `cmd:"" help:"Records against expected results in a folder."`
	Generate  evalGenerate  `cmd:"" help:"Write fictional documents with their expected results."`
	Specimen  evalSpecimen  `cmd:"" help:"Write one fictional document."`
	Reading   evalReading   `cmd:"" help:"What is read on pages against what is truly on them."`
	Rotation  evalRotation  `cmd:"" help:"How pages lie, found without recognising them."`
	Clinical  evalClinical  `cmd:"" help:"Clinical text against gold labels."`
	Deid      evalDeid      `cmd:"" help:"What identifies a person, found in notes that are written on the spot."`
	Matching  evalMatching  `cmd:"" help:"Whose documents are, against the truth."`
}

type evalDocuments struct {
	Dir     string `arg:"" help:"Folder of documents, each with NAME.expected.json."`
	Workers int    `help:"Pages at a time; 0: one per core."`
	Details bool   `help:"List what was wrong (the documents' own text)."`
	Curve   bool   `help:"Only the table of risk against coverage: what would be accepted, and wrong, from which confidence on."`
	limits
	us
	models
}

func (evalDocuments) Help() string { return "Example: chartlake eval documents testdocs --json" }

func (c evalDocuments) Run(e *env) error {
	g, err := e.open(c.limits, c.us, c.models, c.Workers, false)
	if err != nil {
		return err
	}
	defer g.close()
	bar := e.progress("documents")
	report, err := eval.Documents(e.ctx, eval.DocumentsOptions{Dir: c.Dir, Details: c.Details,
		Done: func(_, of int) { bar.step(of) },
		Convert: func(ctx context.Context, name string) (*record.Record, error) {
			f, err := openInput(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return g.stages.Convert(ctx, f, f.size, reader.Options{})
		}})
	bar.done()
	if err != nil {
		return err
	}
	if c.Curve && !e.cli.JSON {
		_, err := fmt.Fprint(e.stdout, report.CurveTable())
		return err
	}
	return e.writeReport(report)
}

type evalGenerate struct {
	Dir       string   `arg:"" help:"Folder to write to."`
	Seed      uint64   `help:"Which documents they are." default:"1"`
	N         int      `help:"How many of each kind, layout and condition." default:"1" short:"n"`
	Kind      []string `help:"Only these kinds; papers: all plainer kinds; stack: several documents in one file; own_form: a form to learn."`
	Condition []string `help:"Only these conditions."`
	Reading   bool     `help:"Forms, tables and articles to measure reading on, in the conditions for that."`
	Apart     bool     `help:"The layouts that are kept apart: to measure, never to tune on."`
}

func (evalGenerate) Help() string { return "Example: chartlake eval generate /tmp/docs --seed 7 -n 5" }

func (c evalGenerate) Run(e *env) error {
	for _, k := range c.Kind {
		if k != "papers" && k != string(specimen.CompositeStack) && k != string(specimen.OwnForm) && len(specimen.Layouts(specimen.Kind(k))) == 0 {
			return usage(fmt.Sprintf("there is no such kind; kinds are %v", slices.Concat(specimen.Kinds(), specimen.ReadingKinds(), specimen.PaperKinds())))
		}
	}
	kinds, conditions := kindsOf(c.Kind), conditionsOf(c.Condition)
	if c.Reading && len(kinds) == 0 {
		kinds = specimen.ReadingKinds()
	}
	if c.Reading && len(conditions) == 0 {
		conditions = specimen.ReadingConditions()
	}
	bar := e.progress("writing")
	defer bar.done()
	return unwritable(eval.Generate(e.ctx, eval.GenerateOptions{Dir: c.Dir, Seed: c.Seed, N: c.N, Apart: c.Apart,
		Kinds: kinds, Conditions: conditions, Done: func(_, of int) { bar.step(of) }}))
}

type evalSpecimen struct {
	File      string `arg:"" help:"File to write."`
	Kind      string `help:"lab_report, discharge_summary, insurance_card, form, table or article." default:"lab_report"`
	Layout    string `help:"Layout of the kind; empty: the first."`
	Condition string `help:"How it was scanned: pdf, scan300, faxed, photo, …" default:"scan300"`
	Seed      uint64 `help:"Which document it is." default:"1"`
	Expected  string `help:"Also write here what a careful human would extract, with the box of each value." placeholder:"FILE"`
}

func (evalSpecimen) Help() string {
	return "Example: chartlake eval specimen --kind lab_report --condition faxed lab.tif"
}

func (c evalSpecimen) Run(e *env) error {
	kind := specimen.Kind(c.Kind)
	if c.Layout == "" {
		layouts := specimen.Layouts(kind)
		if len(layouts) == 0 {
			return usage(fmt.Sprintf("there is no such kind; kinds are %v", slices.Concat(specimen.Kinds(), specimen.ReadingKinds(), specimen.PaperKinds())))
		}
		c.Layout = layouts[0]
	}
	s, err := specimen.Make(c.Seed, kind, c.Layout, specimen.Condition(c.Condition))
	if fault.Is(err, fault.NotFound) {
		return usage(err.Error())
	} else if err != nil {
		return err
	}
	if err := writeOutput(c.File, s.Bytes); err != nil {
		return err
	}
	if have, want := filepath.Ext(c.File), filepath.Ext(s.Name); have != want {
		fmt.Fprintf(e.stderr, "chartlake: the file is written, but it is %s and its name does not end in %s\n", s.MediaType, want)
	}
	if c.Expected == "" {
		return nil
	}
	data, err := s.Expected.Format()
	if err != nil {
		return err
	}
	return writeOutput(c.Expected, data)
}

// writeOutput writes a file that was asked for by name; the errors have kinds.
func writeOutput(name string, data []byte) error {
	return unwritable(os.WriteFile(name, data, 0o644))
}

// unwritable gives the error of writing to a place that was named a kind; nil stays nil.
func unwritable(err error) error {
	switch {
	case err == nil || fault.As(err) != nil || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "no_such_folder", "the folder to write to does not exist")
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Forbidden, "file_permission", "the file may not be written here")
	}
	return fault.New(fault.Unavailable, "file_unwritable", "the file cannot be written")
}

func kindsOf(names []string) (out []specimen.Kind) {
	for _, n := range names {
		if n == "papers" {
			out = append(out, specimen.PaperKinds()...)
			continue
		}
		out = append(out, specimen.Kind(n))
	}
	return out
}

func conditionsOf(names []string) (out []specimen.Condition) {
	for _, n := range names {
		out = append(out, specimen.Condition(n))
	}
	return out
}
