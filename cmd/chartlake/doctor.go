package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"chartlake/analytics/sql"
	"chartlake/fault"
	"chartlake/reader"
	"chartlake/reader/pdf"
)

// warmCommand fills the PDF engine's compilation cache, so that the first page is quick.
type warmCommand struct{}

func (warmCommand) Run(e *env) error {
	dir := e.cacheDir()
	if dir == "" {
		return fault.New(fault.Unavailable, "no_cache_dir", "there is no cache folder; give --cache-dir")
	}
	return pdf.Warm(e.ctx, dir)
}

// doctorCommand is `chartlake doctor`.
type doctorCommand struct {
	Data string `help:"Data folder to test for writing." default:"./chartlake-data" placeholder:"DIR"`
}

// finding is one line of the doctor.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

func (doctorCommand) Help() string { return "Example: chartlake doctor --data /srv/chartlake" }

func (c doctorCommand) Run(e *env) error {
	var all []finding
	add := func(what string, ok bool, says string) { all = append(all, finding{what, ok, says}) }

	r, err := reader.Open(reader.Config{CacheDir: e.cacheDir()})
	if err != nil {
		return err
	}
	defer r.Close()
	if missing := r.Missing(); missing != nil {
		add("ocr", false, missing.Error())
	} else {
		add("ocr", true, r.Version())
		layers := r.Confinement()
		add("confinement", len(layers) >= 4, "active layers: "+strings.Join(layers, ", "))
	}
	if pdf.CacheWarm(e.cacheDir()) {
		add("pdf cache", true, e.cacheDir())
	} else {
		add("pdf cache", e.cacheDir() != "", "not filled yet: the first start takes longer")
	}
	add("sql", true, sql.Engine)
	err = writable(c.Data)
	add("data folder", err == nil, says(err, "files can be written and synced"))
	bad := 0
	for _, f := range all {
		if !f.OK {
			bad++
		}
	}
	if e.cli.JSON {
		if err := e.writeJSON(all); err != nil {
			return err
		}
	} else {
		for _, f := range all {
			mark := "ok  "
			if !f.OK {
				mark = "BAD "
			}
			fmt.Fprintf(e.stdout, "%s %-12s %s\n", mark, f.What, f.Says)
		}
	}
	if bad > 0 {
		return result(fault.Exit(fault.New(fault.Unavailable, "doctor", "something is missing")))
	}
	return nil
}

func says(err error, good string) string {
	if err != nil {
		return err.Error()
	}
	return good
}

// writable writes and syncs a small file in a folder, or in its parent where it is not made yet.
func writable(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Dir(dir)
	}
	f, err := os.CreateTemp(dir, ".chartlake-doctor-*")
	if err != nil {
		return errors.New("no file can be made in the folder")
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString("ok"); err != nil {
		return err
	}
	return f.Sync()
}
