package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"
	"text/tabwriter"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/pipeline"
	"chartlake/terminology/release"
)

// terminologyCommand is `chartlake terminology`.
type terminologyCommand struct {
	Import terminologyImport `cmd:"" help:"Take in a release as its publisher gives it out, and use it from then on."`
	Fetch  terminologyFetch  `cmd:"" help:"Get a public release from its publisher, and take it in."`
	List   terminologyList   `cmd:"" help:"The releases that are here, and which are in use."`
}

// releasesOf is where a data folder has its releases.
func releasesOf(data string) string { return filepath.Join(data, "terminology") }

// home is the data folder that releases are kept in; it is made where it is missing.
type home struct {
	Data string `help:"Data folder (./chartlake-data)." default:"./chartlake-data" placeholder:"DIR"`
}

type terminologyImport struct {
	File    []string `arg:"" help:"The files of one release: zip archives as they are published, or what is in them, plain or as .gz."`
	System  string   `help:"icd-10-cm (order file and tabular list), rxnorm (RRF), loinc (Loinc.csv), snomed (RF2 snapshot)." enum:"icd-10-cm,rxnorm,loinc,snomed" required:""`
	Version string   `help:"The release, where neither the files nor their names say it."`
	home
}

func (terminologyImport) Help() string {
	return "Example: chartlake terminology import icd10cm_order_2027.txt icd10cm_tabular_2027.xml --system icd-10-cm\n\nA server takes the new release up at its next start."
}

func (c terminologyImport) Run(e *env) error {
	s, err := release.Find(c.System)
	if err != nil {
		return err
	}
	var in []release.Input
	for _, name := range c.File {
		f, err := openInput(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = append(in, release.Input{File: f, Size: f.size, Name: filepath.Base(name)})
	}
	return e.takeIn(c.Data, s, in, c.Version)
}

// takeIn imports a release and says what it is.
func (e *env) takeIn(data string, s *release.System, in []release.Input, version string) error {
	bar := e.progress("megabytes")
	m, err := release.Import(releasesOf(data), s, in, release.Options{Version: version, Now: time.Now(), Read: func(n, _ int64) { bar.at(int(n >> 20)) }})
	bar.done()
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return json.NewEncoder(e.stdout).Encode(m)
	}
	_, err = fmt.Fprintf(e.stdout, "%s %s: %d codes, %d of them active, %d names; in use from the next start on\n", s.Title, m.Version, m.Concepts, m.Active, m.Names)
	return err
}

type terminologyList struct{ home }

func (terminologyList) Help() string {
	return "Example: chartlake terminology list --data ./chartlake-data"
}

func (c terminologyList) Run(e *env) error {
	list, err := release.List(releasesOf(c.Data))
	if err != nil {
		return err
	}
	if e.cli.JSON {
		if list == nil {
			list = []release.Manifest{}
		}
		return e.writeJSON(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(e.stdout, "No release is imported; the embedded tables are in use.")
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "IN USE\tSYSTEM\tRELEASE\tHOLDS\tCODES\tNAMES\tIMPORTED")
	for _, m := range list {
		used, holds := "", m.From
		if m.Current {
			used = "*"
		}
		if m.To != "" {
			holds += " to " + m.To
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", used, m.System, m.Version, holds, m.Concepts, m.Names, m.Imported)
	}
	return w.Flush()
}

// useReleases makes the imported releases of a data folder known to the coder and to the library that
// $lookup, $validate-code and $expand ask.
func (s *server) useReleases(data string) error {
	releases, err := release.Open(releasesOf(data))
	if err != nil || len(releases) == 0 {
		return err
	}
	lib := s.library
	if lib == nil {
		lib = validate.Core()
	}
	for _, system := range release.Systems() {
		if r := releases[system.URL]; r != nil {
			lib = lib.WithListing(codeSystem(system, r), listing(r))
			s.releases = append(s.releases, r)
		}
	}
	s.library = lib
	s.engines.stages.Releases = releases
	s.engines.stages.Clinical = pipeline.Coded{Annotator: s.engines.stages.Clinical, Releases: releases}
	return nil
}

// codeSystem is the CodeSystem resource of a release, without its concepts.
func codeSystem(system *release.System, r *release.Release) *fhir.Node {
	return fhir.NewObject("resourceType", "CodeSystem", "url", system.URL, "version", r.Version, "name", system.Title, "status", "active",
		"content", "not-present", "caseSensitive", true, "count", fhir.NewInt(r.Concepts))
}

// listing gives the concepts of a release in the words of the library.
func listing(r *release.Release) validate.Listing {
	said := func(c release.Concept) validate.Concept {
		return validate.Concept{Code: c.Code, Display: c.Display, Parents: c.Parents, Synonyms: c.Synonyms, Inactive: !c.Active}
	}
	return validate.Listing{
		All: func() iter.Seq2[validate.Concept, error] {
			return func(yield func(validate.Concept, error) bool) {
				for c, err := range r.All() {
					one := said(c)
					one.Synonyms = nil // looked up one by one: all of them would fill the memory
					if !yield(one, err) {
						return
					}
				}
			}
		},
		Find: func(code string) (validate.Concept, bool, error) {
			c, ok, err := r.Lookup(code)
			return said(c), ok, err
		},
	}
}

var errNoSource = fault.New(fault.NotFound, "no_public_source", "this system has no source that is open to everybody; download it with your licence and import it")
