package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"chartlake/bulk"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/search"
	"chartlake/store/ident"
)

// exportCommand is `chartlake export`.
type exportCommand struct {
	Out string `arg:"" help:"Folder that the files go to; it must be new or empty." type:"path"`
	place
	Patients   bool     `help:"Only what is in the compartments of patients." xor:"level"`
	Group      string   `help:"Only what is in the compartments of this Group's patients." placeholder:"ID" xor:"level"`
	Type       []string `help:"Only these resource types." placeholder:"TYPE"`
	Since      string   `help:"Only what was changed after this instant." placeholder:"INSTANT"`
	TypeFilter []string `help:"Only what this search finds, as in Observation?status=final (repeatable)." sep:"none" placeholder:"QUERY"`
	Elements   []string `help:"Only these elements." placeholder:"NAME"`
	Format     string   `help:"fhir: resources as NDJSON; parquet, csv, ndjson: flat tables." enum:"fhir,parquet,csv,ndjson" default:"fhir"`
	Table      []string `help:"Only these tables; see docs/guide/tables.md." placeholder:"NAME"`
	deidentified
}

func (exportCommand) Help() string {
	return "Example: chartlake export out/ --data ./chartlake-data --type Patient,Observation\n\nOne moment is exported, whatever is written meanwhile. manifest.json has transactionTime: give it as --since the next time."
}

func (c exportCommand) Run(e *env) (err error) {
	if _, missing := os.Stat(c.Out); missing != nil {
		defer func() {
			if err != nil {
				_ = os.Remove(c.Out) // where nothing was written into it
			}
		}()
	}
	if err := os.MkdirAll(c.Out, 0o700); err != nil {
		return fault.New(fault.Forbidden, "folder_unwritable", "the folder for the files cannot be made")
	}
	if names, err := os.ReadDir(c.Out); err != nil || len(names) > 0 {
		return usage("the folder for the files is not empty")
	}
	if c.Group != "" && !ident.Valid(c.Group) {
		return usage("--group is no id of a resource")
	}
	if c.Deidentify && c.Data == "" {
		return usage("--deidentify works on a data folder: give --data")
	}
	if !c.Deidentify && (c.SurrogateKey != "" || c.Years) {
		return usage("--surrogate-key and --years belong to --deidentify")
	}
	if c.Data != "" {
		if err := (dataFolder{Data: c.Data, database: c.database}).existing(); err != nil {
			return err
		}
	}
	if err := c.oneKind(); err != nil {
		return err
	}
	client, done, err := c.reach(e)
	if err != nil {
		return err
	}
	defer done()
	if c.Format != "fhir" {
		return c.tables(e, client)
	}
	bar := e.progress("exporting")
	defer bar.done()
	m, err := client.job(e.ctx, http.MethodGet, c.path(), "", nil, bar.at)
	if err != nil {
		return err
	}
	bar.done()
	if c.Deidentify {
		return c.withoutPersons(e, client, m)
	}
	return c.save(e, client, m)
}

// path is the address of the export below the base.
func (c exportCommand) path() string {
	path, q := "/$export", url.Values{}
	switch {
	case c.Patients:
		path = "/Patient/$export"
	case c.Group != "":
		path = "/Group/" + c.Group + "/$export"
	}
	for name, value := range map[string]string{"_type": strings.Join(c.Type, ","), "_since": c.Since, "_elements": strings.Join(c.Elements, ",")} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for _, f := range c.TypeFilter {
		q.Add("_typeFilter", f)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// saved is the manifest as it lies beside the files.
type saved struct {
	bulk.Manifest
	Files []savedFile `json:"files"`
}

type savedFile struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Count   int    `json:"count"`
	Deleted bool   `json:"deleted,omitempty"`
}

// save streams the files into the folder, the manifest last: where it lies, all is there.
func (c exportCommand) save(e *env, client *fhirClient, m *bulk.Manifest) error {
	s := saved{Manifest: *m}
	seen := map[string]int{}
	total := 0
	take := func(list []bulk.ManifestFile, deleted bool) error {
		for _, f := range list {
			if !search.R4().Knows(f.Type) {
				return fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
			}
			name := f.Type
			if deleted {
				name = "deleted"
			}
			if seen[name]++; seen[name] > 1 {
				name = fmt.Sprintf("%s-%d", name, seen[name])
			}
			name += ".ndjson"
			body, err := client.file(e.ctx, f.URL)
			if err != nil {
				return err
			}
			err = c.write(name, body)
			body.Close()
			if err != nil {
				return err
			}
			s.Files = append(s.Files, savedFile{name, f.Type, f.Count, deleted})
			if !deleted {
				total += f.Count
			}
		}
		return nil
	}
	if err := take(m.Output, false); err != nil {
		return err
	}
	if err := take(m.Deleted, true); err != nil {
		return err
	}
	s.Output, s.Manifest.Deleted = []bulk.ManifestFile{}, nil // they are here under the names of files
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := c.write("manifest.json", strings.NewReader(string(text)+"\n")); err != nil {
		return err
	}
	if e.cli.JSON {
		return json.NewEncoder(e.stdout).Encode(s)
	}
	fmt.Fprintf(e.stdout, "%d resources in %d files, as of %s\n", total, len(s.Files), m.TransactionTime)
	return nil
}

func (c exportCommand) write(name string, from io.Reader) error {
	f, err := os.OpenFile(filepath.Join(c.Out, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Forbidden, "folder_unwritable", "a file cannot be written into the folder")
	}
	defer f.Close()
	if _, err = io.Copy(f, from); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = envelope.SyncFolder(c.Out)
	}
	if err != nil {
		return fault.New(fault.Full, "file_cut", "a file could not be written to its end; what is in the folder is not whole")
	}
	return nil
}
