package main

import (
	"context"
	"io"

	"chartlake/document"
	"chartlake/eval"
	"chartlake/eval/reading"
	"chartlake/reader"
)

type evalReading struct {
	Dir     string `arg:"" help:"Folder of files, each with NAME.reading.json."`
	Workers int    `help:"Pages at a time; 0: one per core."`
	limits
}

func (evalReading) Help() string {
	return "Example: chartlake eval generate /tmp/pages --reading && chartlake eval reading /tmp/pages"
}

func (c evalReading) Run(e *env) error {
	cases, err := reading.Folder(c.Dir)
	if err != nil {
		return err
	}
	r, err := reader.Open(reader.Config{CacheDir: e.cacheDir(), Workers: c.Workers, Limits: reader.Limits{Bytes: c.MaxBytes, Pages: c.MaxPages, Pixels: c.MaxPixels}})
	if err != nil {
		return err
	}
	defer r.Close()
	bar := e.progress("files")
	results, err := reading.Score(e.ctx, cases, func(ctx context.Context, file io.ReaderAt, size int64, password string) (*document.Document, error) {
		return r.Read(ctx, file, size, reader.Options{Password: password})
	}, func(_, of int) { bar.step(of) })
	bar.done()
	if err != nil {
		return err
	}
	return e.writeReport(reading.Sum(results, eval.Wilson))
}
