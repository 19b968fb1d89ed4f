package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"chartlake/backup"
	"chartlake/blob/folder"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/inspect"
	"chartlake/store"
	"chartlake/store/seal"
)

// backupCommand is `chartlake backup`.
type backupCommand struct {
	Dest string `arg:"" help:"Folder of the backup: empty, or one that has a backup. Or s3://bucket/prefix (region, endpoint and credentials: AWS_… in the environment)."`
	Keys string `help:"Folder, away from the backup, for the newest copy of the data keys." placeholder:"DIR"`
	dataFolder
}

func (backupCommand) Help() string {
	return "Example: chartlake backup /mnt/backup --data /srv/chartlake --keys /mnt/keys\n\nNot in it: keys, the search index, and the files of bulk exports (data/bulk)."
}

func (c backupCommand) Run(e *env) error {
	if err := c.existing(); err != nil {
		return err
	}
	c.Data = absolute(c.Data)
	if !strings.HasPrefix(c.Dest, "s3://") {
		c.Dest = absolute(c.Dest)
		for what, dir := range map[string]string{"the data folder": c.Data, "the folder of the keys": c.Keys} {
			if dir != "" && (within(dir, c.Dest) || within(c.Dest, dir)) {
				return usage("the backup must not lie in or above " + what)
			}
		}
	}
	s, err := c.database.open(e.ctx, c.Data, "")
	if err != nil {
		return err
	}
	defer s.Close()
	from, ok := s.(store.Copier)
	if !ok {
		return fault.New(fault.Unsupported, "backup_engine", "this store cannot be backed up")
	}
	blobs, err := e.originals(e.ctx, c.database, c.Data, s, folder.Options{Reserve: -1})
	if err != nil {
		return err
	}
	bar := e.progress("originals")
	report, err := backup.Take(e.ctx, backup.Source{Store: from, Blobs: blobs, Program: version, Now: time.Now, Temp: c.Data, Progress: func(int) { bar.step(-1) }}, c.Dest)
	bar.done()
	if err != nil {
		return err
	}
	// After the database: a key is kept before anything is sealed with it.
	if c.Keys != "" {
		err = keepKeys(e.ctx, from, c.Keys)
	} else {
		fmt.Fprintf(e.stderr, "chartlake: no key is in the backup: keep %s away from it, and the newest %s with --keys DIR\n", seal.MasterFile, seal.DataFile)
	}
	if err != nil {
		return err
	}
	for _, hash := range report.Missing {
		fmt.Fprintf(e.stderr, "chartlake: original %s is missing [%s]\n", hash, inspect.DocumentBlob)
	}
	return e.report(report, "snapshot %s: database %d bytes, %d original(s) of which %d copied, %.1f s\n",
		report.Snapshot, report.Database, report.Originals, report.Copied, report.Seconds)
}

// report writes what was done: with --json the report, else a line.
func (e *env) report(report any, format string, args ...any) error {
	if e.cli.JSON {
		return e.writeJSON(report)
	}
	_, err := fmt.Fprintf(e.stdout, format, args...)
	return err
}

// within reports whether path is dir or below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(absolute(dir), absolute(path))
	return err == nil && (rel == "." || filepath.IsLocal(rel))
}

// keepKeys puts the wrapped data keys into a folder, over the copy before.
func keepKeys(ctx context.Context, from store.Copier, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Unavailable, "keys_folder", "the folder of the keys cannot be made")
	}
	path := filepath.Join(dir, seal.DataFile)
	if err := from.CopyKeys(ctx, path+".new"); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fault.New(fault.Unavailable, "keys_folder", "the data keys cannot be written")
	}
	return envelope.SyncFolder(dir)
}

// openExisting opens the store of a data folder that a command has found.
func (d dataFolder) openExisting(ctx context.Context) (store.Store, error) {
	if err := d.existing(); err != nil {
		return nil, err
	}
	return d.database.open(ctx, absolute(d.Data), "")
}
