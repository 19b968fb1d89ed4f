package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"chartlake/backup"
	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/seal"
)

// restoreCommand is `chartlake restore`.
type restoreCommand struct {
	Source   string `arg:"" help:"Folder of the backup, or s3://bucket/prefix."`
	Data     string `help:"Data folder to make; must be missing or empty." required:"" placeholder:"DIR"`
	Keys     string `help:"Folder with store.key and the newest data.keys." required:"" placeholder:"DIR"`
	Snapshot string `help:"Which snapshot (the newest)." placeholder:"ID"`
	database
}

func (restoreCommand) Help() string {
	return "Example: chartlake restore /mnt/backup --data /srv/chartlake --keys /mnt/keys"
}

func (c restoreCommand) Run(e *env) error {
	c.Data = absolute(c.Data)
	var keys []string
	for _, name := range []string{seal.MasterFile, seal.DataFile} {
		path := filepath.Join(c.Keys, name)
		if _, err := os.Stat(path); err != nil {
			return fault.New(fault.NotFound, "keys_missing", "the folder of the keys has no %s; nothing can be read without it", name)
		}
		keys = append(keys, path)
	}
	blobs := func() (blob.Keeper, error) {
		return folder.Open(filepath.Join(c.Data, "blobs"), folder.Options{Reserve: -1})
	}
	if c.Blobs != "" {
		b, err := c.emptyBucket(e.ctx, c.Data)
		if err != nil {
			return err
		}
		blobs = func() (blob.Keeper, error) { return b, nil }
	}
	bar := e.progress("originals")
	report, err := backup.Restore(e.ctx, c.Source, c.Snapshot, backup.Target{Data: c.Data, Keys: keys,
		Database: c.bring,
		Blobs:    blobs,
		Progress: func(int) { bar.step(-1) }})
	bar.done()
	if err != nil {
		return err
	}
	for _, hash := range report.Missing {
		fmt.Fprintf(e.stderr, "chartlake: original %s was missing when the backup was made\n", hash)
	}
	return e.report(report, "snapshot %s restored and checked: database %d bytes, %d original(s), in %.1f s (RTO)\n",
		report.Snapshot, report.Database, report.Originals, report.Seconds)
}

// bring puts the copy of a database where the store looks for it, and opens it.
func (c restoreCommand) bring(ctx context.Context, engine, file string) (store.Store, error) {
	url, err := secret(c.Store)
	if err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(engine, " ")
	switch {
	case name == "sqlite" && url == "":
		if err := os.Rename(file, filepath.Join(c.Data, "chartlake.db")); err != nil {
			return nil, err
		}
	case name == "postgresql" && url != "":
		keys := filepath.Join(c.Data, seal.DataFile)
		if err := postgres.Restore(ctx, url, file, keys); err != nil {
			return nil, err
		}
		if err := os.Remove(keys); err != nil { // the database has them
			return nil, err
		}
	case name == "postgresql":
		return nil, usage("this is the backup of a PostgreSQL store: give --store postgres://…, an empty database")
	default:
		return nil, usage("this is the backup of a store of SQLite: it is restored without --store")
	}
	return c.database.unfinished(ctx, c.Data, "")
}
