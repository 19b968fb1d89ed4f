package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"chartlake/fault"
)

// oneKind refuses what belongs to the other kind of export.
func (c exportCommand) oneKind() error {
	resources := c.Patients || c.Group != "" || len(c.Type) > 0 || c.Since != "" || len(c.TypeFilter) > 0 || len(c.Elements) > 0
	switch {
	case c.Format == "fhir" && len(c.Table) > 0:
		return usage("--table belongs to --format parquet, csv or ndjson")
	case c.Format != "fhir" && resources:
		return usage("tables are exported whole: --patients, --group, --type, --since, --type-filter and --elements belong to --format fhir")
	case c.Format != "fhir" && c.Deidentify:
		return usage("tables are not de-identified; export resources with --deidentify")
	}
	return nil
}

// tables writes a file per table. Each shows one moment of its own.
func (c exportCommand) tables(e *env, client *fhirClient) error {
	root := strings.TrimSuffix(client.base, "/fhir")
	resp, err := client.send(e.ctx, http.MethodGet, root+"/tables", "", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var have struct{ Tables []struct{ Name string } }
	if err := json.NewDecoder(resp.Body).Decode(&have); err != nil {
		return fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
	}
	names := c.Table
	if len(names) == 0 {
		for _, t := range have.Tables {
			names = append(names, t.Name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(have.Tables, func(t struct{ Name string }) bool { return t.Name == name }) {
			return fault.New(fault.NotFound, "no_such_table", "the server has no table of this name: %s", name)
		}
	}
	bar := e.progress("exporting")
	defer bar.done()
	for _, name := range names {
		file, err := client.send(e.ctx, http.MethodGet, root+"/tables/"+name+"?format="+c.Format, "", nil)
		if err != nil {
			return err
		}
		err = c.write(name+"."+c.Format, file.Body)
		file.Body.Close()
		if err != nil {
			return err
		}
		bar.step(len(names))
	}
	bar.done()
	if e.cli.JSON {
		return json.NewEncoder(e.stdout).Encode(map[string]any{"tables": names, "format": c.Format})
	}
	fmt.Fprintf(e.stdout, "%d tables in %s\n", len(names), c.Out)
	return nil
}
