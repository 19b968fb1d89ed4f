package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chartlake/bulk"
	"chartlake/clinical/phi"
	"chartlake/deidentify"
	"chartlake/document"
	"chartlake/document/searchable"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/record"
	"chartlake/store"
)

// deidentified says that an export is to be without what identifies persons.
type deidentified struct {
	Deidentify   bool   `help:"Put surrogates in place of what identifies a person, and write the documents with black in its place (with --data)." group:"De-identification"`
	SurrogateKey string `help:"File of the key that surrogates are made with; made where it is missing (DATA/deidentify.key). Who has it can link the exports made with it." type:"path" placeholder:"FILE" group:"De-identification"`
	Years        bool   `help:"Leave the years of dates alone, as the letter of Safe Harbor asks, instead of shifting the days of each person." group:"De-identification"`
}

// pictureWidth is how wide pages are drawn: 200 dots per inch on letter paper.
const pictureWidth = 1700

// residual says what the export is not.
const residual = "What is not found in free text stays in it, and pictures are only as black as their pages were read. Have the result looked at before it is given away; see docs/guide/deidentification.md for what was measured."

// deidentifying is one export.
type deidentifying struct {
	exportCommand
	e       *env
	client  *fhirClient
	key     *deidentify.Key
	finder  *phi.Finder
	people  *deidentify.People
	persons map[string]*deidentify.Person
	wanted  map[string]bool // documents that an exported DocumentReference has
	at      time.Time
	report  deidentifiedReport
}

// deidentifiedReport is deidentified.json, beside the files.
type deidentifiedReport struct {
	Versions      map[string]string `json:"versions"`
	Dates         string            `json:"dates"` // shifted, years
	Resources     int               `json:"resources"`
	NotExported   int               `json:"not_exported"` // of types that are never exported
	Withheld      int               `json:"withheld"`     // resources and documents in which an identifier still was
	Documents     int               `json:"documents"`
	DocumentsLeft int               `json:"documents_left"` // not read, or failed
	Pages         int               `json:"pages"`
	PagesWhite    int               `json:"pages_white"` // could not be read, and so not be judged
	Identifiers   map[phi.Kind]int  `json:"identifiers"` // in the texts of documents
	Residual      string            `json:"residual_risk"`
}

// withoutPersons writes the export m of a data folder.
func (c exportCommand) withoutPersons(e *env, client *fhirClient, m *bulk.Manifest) error {
	at, err := time.Parse(time.RFC3339Nano, m.TransactionTime)
	if err != nil {
		return fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
	}
	d := &deidentifying{exportCommand: c, e: e, client: client, people: deidentify.NewPeople(), persons: map[string]*deidentify.Person{}, wanted: map[string]bool{}, at: at}
	dates := deidentify.Shift
	d.report = deidentifiedReport{Versions: map[string]string{"deidentify": deidentify.Version, "phi": phi.Version}, Dates: "shifted", Identifiers: map[phi.Kind]int{}, Residual: residual}
	if c.Years {
		dates, d.report.Dates = deidentify.Years, "years"
	}
	if d.finder, err = phi.Open(); err != nil {
		return err
	}
	secret, err := surrogateKey(c.SurrogateKey, c.Data)
	if err != nil {
		return err
	}
	if d.key, err = deidentify.NewKey(secret, dates); err != nil {
		return err
	}
	for _, f := range m.Output {
		if err := d.lines(f, d.note); err != nil {
			return err
		}
	}
	if len(d.wanted) > 0 {
		if err := d.documents(e.ctx); err != nil {
			return err
		}
	}
	s, err := d.resources(m)
	if err != nil {
		return err
	}
	for name, v := range map[string]any{"deidentified.json": d.report, "manifest.json": s} {
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		if err := c.write(name, bytes.NewReader(append(text, '\n'))); err != nil {
			return err
		}
	}
	if e.cli.JSON {
		return json.NewEncoder(e.stdout).Encode(d.report)
	}
	fmt.Fprintf(e.stdout, "%d resources and %d documents without what identifies persons, as of %s\n%s\n", d.report.Resources, d.report.Documents, m.TransactionTime, residual)
	return nil
}

// surrogateKey reads the key, or makes one that only its owner can read.
func surrogateKey(file, data string) ([]byte, error) {
	if file == "" {
		file = filepath.Join(data, "deidentify.key")
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		secret := make([]byte, deidentify.KeyBytes)
		_, _ = rand.Read(secret) // never fails
		if err := os.WriteFile(file, []byte(hex.EncodeToString(secret)+"\n"), 0o600); err != nil {
			return nil, fault.New(fault.Forbidden, "key_unwritable", "the key of the surrogates cannot be written")
		}
		return secret, nil
	}
	if err != nil {
		return nil, fault.New(fault.Forbidden, "key_unreadable", "the key of the surrogates cannot be read")
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fault.New(fault.Corrupt, "key_damaged", "the key of the surrogates is not written in hexadecimal")
	}
	return secret, nil
}

// lines gives each resource of a file of the export.
func (d *deidentifying) lines(f bulk.ManifestFile, take func(*fhir.Node) error) error {
	body, err := d.client.file(d.e.ctx, f.URL)
	if err != nil {
		return err
	}
	defer body.Close()
	in := bufio.NewReaderSize(body, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			n, err := fhir.Parse(line)
			if err != nil {
				return fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
			}
			if err := take(n); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return fault.New(fault.Unavailable, "answer_cut", "the export was cut: %w", err)
		}
	}
}

// note takes in what a resource says of persons, and of which document it is.
func (d *deidentifying) note(r *fhir.Node) error {
	d.people.Note(r)
	if r.Type() != "DocumentReference" {
		return nil
	}
	for _, c := range r.Get("content").Items() {
		if id, ok := strings.CutPrefix(c.Get("attachment").Str("url"), "Binary/"); ok {
			d.wanted[id] = true
		}
	}
	return nil
}

// person gives the surrogates of a patient; without one, those of what is nobody's.
func (d *deidentifying) person(patient string) *deidentify.Person {
	p := d.persons[patient]
	if p == nil {
		p = d.key.Person(d.finder, patient, patient != "", d.people.Known(patient))
		d.persons[patient] = p
	}
	return p
}

// resources writes the files of resources, and gives their manifest.
func (d *deidentifying) resources(m *bulk.Manifest) (*saved, error) {
	s := &saved{Manifest: *m}
	s.Output, s.Manifest.Deleted = []bulk.ManifestFile{}, nil
	s.Request = "" // may name persons
	seen := map[string]int{}
	for _, f := range m.Output {
		var out bytes.Buffer
		n := 0
		err := d.lines(f, func(r *fhir.Node) error {
			person := d.person(d.people.Owner(r.Type() + "/" + r.ID()))
			clean := person.Resource(r, d.at)
			if clean == nil {
				d.report.NotExported++
				return nil
			}
			text := clean.AppendJSON(nil)
			if person.Leaks(string(text)) {
				d.report.Withheld++
				return nil
			}
			out.Write(append(text, '\n'))
			n++
			return nil
		})
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		name := f.Type
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, seen[name])
		}
		if err := d.write(name+".ndjson", &out); err != nil {
			return nil, err
		}
		s.Files = append(s.Files, savedFile{Name: name + ".ndjson", Type: f.Type, Count: n})
		d.report.Resources += n
	}
	return s, nil
}

// documents writes the documents that were asked for.
func (d *deidentifying) documents(ctx context.Context) error {
	if err := os.Mkdir(filepath.Join(d.Out, "documents"), 0o700); err != nil {
		return fault.New(fault.Forbidden, "folder_unwritable", "the folder for the files cannot be made")
	}
	bar := d.e.progress("documents")
	defer bar.done()
	for cursor := ""; ; {
		var rows []store.Document
		err := d.client.served.store.View(ctx, pipeline.Actor, func(v store.View) (err error) {
			rows, cursor, err = v.Documents(store.DocumentQuery{Limit: 200, Cursor: cursor})
			return err
		})
		if err != nil {
			return err
		}
		for i := range rows {
			if !d.wanted[rows[i].ID] {
				continue
			}
			if err := d.document(ctx, &rows[i]); err != nil {
				return err
			}
			bar.step(-1)
		}
		if cursor == "" {
			return nil
		}
	}
}

// document writes one document as PDF and as text; one that was not read is left out.
func (d *deidentifying) document(ctx context.Context, row *store.Document) error {
	s := d.client.served
	rec, _, err := s.pipeline.Newest(ctx, pipeline.Actor, row.ID)
	if err == nil && (row.State == store.Filed || row.State == store.NeedsReview) {
		doc, err := s.pipeline.Reading(ctx, pipeline.Actor, row)
		if err == nil {
			return d.draw(ctx, row, doc, rec)
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	d.report.DocumentsLeft++
	return nil
}

// draw writes the pages of a document.
func (d *deidentifying) draw(ctx context.Context, row *store.Document, doc *document.Document, rec *record.Record) error {
	sheets, texts, leaks := d.sheets(row, doc, rec)
	if leaks {
		d.report.Withheld++
		return nil
	}
	if len(sheets) == 0 {
		return nil // of no patient that is exported
	}
	file, err := d.client.served.blobs.Open(ctx, row.SHA256)
	if err != nil {
		return err
	}
	defer file.Close()
	password, err := d.client.served.pipeline.Password(ctx, row.ID)
	if err != nil {
		return err
	}
	var pdf bytes.Buffer
	w := searchable.New(&pdf)
	for i := range sheets {
		var picture image.Image
		if page := doc.Page(sheets[i].Page.Number); page.Failed != nil {
			d.report.PagesWhite++
		} else {
			drawn, err := d.client.served.engines.reader.Picture(ctx, file, file.Size(), reader.Sight{Password: password, Page: page.Number, Rotation: page.Rotation, Width: pictureWidth})
			if err != nil {
				return err
			}
			picture = sheets[i].Blacken(drawn)
		}
		if err := w.Add(&sheets[i].Page, picture); err != nil {
			return err
		}
		d.report.Pages++
	}
	if err := w.Close(); err != nil {
		return err
	}
	name := d.key.File(row.ID)
	if err := d.write(name, &pdf); err != nil {
		return err
	}
	d.report.Documents++
	return d.write(strings.TrimSuffix(name, ".pdf")+".txt", strings.NewReader(strings.Join(texts, "\f\n")))
}

// sheets judges the pages of a document, segment by segment; pages of patients who are not exported
// are left out, where only some are. leaks: an identifier of a patient is still in a text.
func (d *deidentifying) sheets(row *store.Document, doc *document.Document, rec *record.Record) (out []deidentify.Sheet, texts []string, leaks bool) {
	some := d.Patients || d.Group != ""
	next := 1
	take := func(first, last int, patient string, seg *record.Segment) {
		if first > last || some && d.people.Owner("Patient/"+patient) == "" {
			return
		}
		person := d.person(patient)
		if patient == "" { // nobody's: surrogates of its own, and no days
			person = d.key.Person(d.finder, "document:"+row.ID, false, nil)
		}
		var more *phi.Dictionary
		var fields []record.Field
		if seg != nil {
			fields = seg.Fields
			for _, line := range seg.Lines {
				for _, f := range line {
					fields = append(fields, f)
				}
			}
			more = d.finder.Dictionary(identifiersOf(fields))
		}
		sheets, text, found := person.Pages(doc, first, last, more, fields)
		for _, m := range found {
			d.report.Identifiers[m.Kind]++
		}
		leaks = leaks || person.Leaks(text)
		out, texts = append(out, sheets...), append(texts, text)
	}
	segments := slices.Clone(rec.Segments)
	slices.SortStableFunc(segments, func(a, b record.Segment) int { return a.Pages[0] - b.Pages[0] })
	for i := range segments {
		seg := &segments[i]
		take(next, seg.Pages[0]-1, "", nil)
		patient := ""
		if seg.Subject != nil {
			patient = seg.Subject.Patient
		}
		take(max(next, seg.Pages[0]), seg.Pages[1], patient, seg)
		next = max(next, seg.Pages[1]+1)
	}
	take(next, len(doc.Pages), "", nil)
	return out, texts, leaks
}

// identifiersOf is what a record's fields say of persons.
func identifiersOf(fields []record.Field) (out []phi.Known) {
	kinds := map[record.Kind]phi.Kind{record.KindName: phi.Name, record.KindID: phi.Other, record.KindPhone: phi.Phone, record.KindAddress: phi.Location}
	for _, f := range fields {
		kind, is := kinds[f.Kind]
		if !is {
			continue
		}
		for _, text := range append(strings.Split(f.Raw, "\n"), valueOf(f)) {
			if strings.TrimSpace(text) != "" {
				out = append(out, phi.Known{Kind: kind, Text: text})
			}
		}
	}
	return out
}

func valueOf(f record.Field) string {
	if f.Value == nil {
		return ""
	}
	return *f.Value
}
