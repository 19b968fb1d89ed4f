package rest

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"chartlake/audit"
	"chartlake/bulk"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// The addresses of what goes on after its request was answered: _job/id is its state, below it
// are its files.
const jobs = "_job"

// retryAfter is how long a client should wait before it asks again how a job is.
const retryAfter = 2 * time.Second

// Elements gives what shows only some elements of resources, as the search parameter _elements.
func Elements(names []string) func(*fhir.Node) *fhir.Node { return shape{names: names}.apply }

// begun answers the request for a job.
func begun(id string) *reply {
	body := outcomeOf(issue("information", "informational", "accepted; the address in Content-Location shows how it goes", "", "job_begun"))
	return &reply{status: http.StatusAccepted, progress: jobs + "/" + id, content: content{body}}
}

func (s *server) address(c *call) string {
	return s.Base + strings.TrimPrefix(c.http.URL.RequestURI(), s.prefix)
}

func bearing(c *call) bool { return c.http.Header.Get("Authorization") != "" }

// export is $export, Patient/$export and Group/[id]/$export
// (http://hl7.org/fhir/uv/bulkdata/export.html).
func (s *server) export(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Export, c.resourceType())
	if err != nil {
		return nil, err
	}
	ask := bulk.ExportAsk{URL: s.address(c), Token: bearing(c), Level: c.resourceType()}
	if ask.Level == "Group" {
		ask.Group = c.parts[1]
		if err := s.readable(c, c.key()); err != nil {
			return nil, err
		}
	}
	named, err := s.exportInputs(c, &ask)
	if err != nil {
		return nil, err
	}
	if err := s.exportTypes(c, &ask, named); err != nil {
		return nil, err
	}
	id, err := s.Bulk.Export(c.ctx, actor, ask)
	if err != nil {
		return nil, err
	}
	return begun(id), nil
}

// readable refuses a resource that is not there or that the caller may not read.
func (s *server) readable(c *call, key store.Key) error {
	actor, err := s.Actor(c.http, smart.Read, key.Type)
	if err != nil {
		return err
	}
	return s.Store.View(c.ctx, actor, func(v store.View) error {
		_, err := v.Read(key)
		return err
	})
}

// exportInputs reads the parameters of an export; named are the types of _type.
func (s *server) exportInputs(c *call, ask *bulk.ExportAsk) (named []string, err error) {
	inputs, err := c.inputs()
	if err != nil {
		return nil, err
	}
	for _, p := range inputs {
		switch p.Name {
		case "_format", "_pretty":
		case "_outputFormat":
			if !slices.Contains([]string{"application/fhir+ndjson", "application/fhir ndjson", "application/ndjson", "ndjson", ""}, p.Value) {
				return nil, fault.New(fault.Invalid, "output_format_unsupported", "_outputFormat is application/fhir+ndjson")
			}
		case "_type":
			for _, t := range strings.Split(p.Value, ",") {
				if t = strings.TrimSpace(t); !search.R4().Knows(t) {
					return nil, fault.New(fault.Invalid, "unknown_type", "_type names no resource type of R4")
				}
				if !slices.Contains(named, t) {
					named = append(named, t)
				}
			}
		case "_since":
			at, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(p.Value, " ", "+"))
			if err != nil {
				return nil, fault.New(fault.Invalid, "bad_value", "_since is a FHIR instant, as in 2024-02-01T09:30:00Z")
			}
			ask.Since = at
		case "_elements":
			for _, name := range strings.Split(p.Value, ",") {
				if name = strings.TrimSpace(name); name != "" {
					ask.Elements = append(ask.Elements, name)
				}
			}
		case "_typeFilter":
			if err := s.typeFilters(c, ask, p.Value); err != nil {
				return nil, err
			}
		default:
			if !c.prefer.lenient {
				return nil, fault.New(fault.Invalid, "unknown_parameter", "$export takes _type, _since, _typeFilter, _elements and _outputFormat; Prefer: handling=lenient passes over others")
			}
		}
	}
	return named, nil
}

// betweenFilters finds the commas of _typeFilter that part queries, not values.
var betweenFilters = regexp.MustCompile(`,([A-Z][A-Za-z]*\?)`)

// maxFilters bounds the queries of one export.
const maxFilters = 50

func (s *server) typeFilters(c *call, ask *bulk.ExportAsk, value string) error {
	for _, one := range strings.Split(betweenFilters.ReplaceAllString(value, "\n$1"), "\n") {
		typ, raw, ok := strings.Cut(strings.TrimSpace(one), "?")
		if !ok || !search.R4().Knows(typ) {
			return fault.New(fault.Invalid, "bad_type_filter", "_typeFilter takes queries of the form Type?parameter=value")
		}
		q, err := bulk.Filter(typ, raw, s.options(c))
		if err != nil {
			return err
		}
		if err := s.narrow(c, q); err != nil {
			return err
		}
		if ask.Filters == nil {
			ask.Filters = map[string][]string{}
		}
		if ask.Filters[typ] = append(ask.Filters[typ], raw); len(ask.Filters[typ]) > maxFilters {
			return fault.New(fault.TooLarge, "bad_type_filter", "_typeFilter takes at most %d queries of a type", maxFilters)
		}
	}
	return nil
}

// exportTypes settles which types are exported: what was named must be allowed, else it is all
// that the caller may read. Of patients it is what their compartments can hold.
func (s *server) exportTypes(c *call, ask *bulk.ExportAsk, named []string) error {
	r4 := search.R4()
	inCompartment := func(t string) bool { return t == "Patient" || len(r4.PatientParams(t)) > 0 }
	explicit := named != nil
	if !explicit {
		named = r4.Types()
	}
	p := permits{server: s, call: c}
	for _, t := range named {
		err := p.read(t)
		if err != nil && explicit {
			return err
		}
		if err == nil && (ask.Level == "" || inCompartment(t)) {
			ask.Types = append(ask.Types, t)
		}
	}
	for t := range ask.Filters {
		if !slices.Contains(ask.Types, t) {
			return fault.New(fault.Invalid, "bad_type_filter", "_typeFilter is about a type that is not exported")
		}
	}
	if len(ask.Types) == 0 {
		return fault.New(fault.Invalid, "unknown_type", "no type that was asked for can be exported here")
	}
	return nil
}

// load is POST $import: what to read, as Parameters or as the JSON of the bulk import
// proposal, or the resources themselves as NDJSON, in several files as multipart/mixed.
func (s *server) load(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Write, "")
	if err == nil { // conditional references are searches
		_, err = s.Actor(c.http, smart.Read, "")
	}
	if err != nil {
		return nil, err
	}
	ask := bulk.ImportAsk{URL: s.address(c), Token: bearing(c)}
	var id string
	if c.stream != nil {
		defer c.stream.Close()
		for _, p := range c.query {
			if p.Name != "mode" && p.Name != "_format" {
				return nil, fault.New(fault.Invalid, "unknown_parameter", "$import of what is sent takes the parameter mode")
			}
			if p.Name == "mode" {
				if ask.Mode, err = bulk.ParseMode(p.Value); err != nil {
					return nil, err
				}
			}
		}
		var next func() (io.Reader, error)
		if next, err = sent(c); err == nil {
			id, err = s.Bulk.Upload(c.ctx, actor, ask, next)
		}
	} else {
		if err := importInputs(c, &ask); err != nil {
			return nil, err
		}
		id, err = s.Bulk.Import(c.ctx, actor, ask)
	}
	if err != nil {
		return nil, err
	}
	return begun(id), nil
}

// sent gives the files of an upload: the body, or its parts where it has several.
func sent(c *call) (next func() (io.Reader, error), err error) {
	if media, params, _ := mime.ParseMediaType(c.media); media == "multipart/mixed" {
		if params["boundary"] == "" {
			return nil, fault.New(fault.Invalid, "body_unreadable", "the parts of the body have no boundary")
		}
		parts := multipart.NewReader(c.stream, params["boundary"])
		return func() (io.Reader, error) { return parts.NextRawPart() }, nil
	}
	given := false
	return func() (io.Reader, error) {
		if given {
			return nil, io.EOF
		}
		given = true
		return c.stream, nil
	}, nil
}

// uploads reports whether a body is files to import.
func uploads(media string) bool {
	name, _, _ := mime.ParseMediaType(media)
	return name == "multipart/mixed" || ndjson(media)
}

// ndjson reports whether a body is resources to import.
func ndjson(media string) bool {
	name, _, _ := mime.ParseMediaType(media)
	switch name {
	case "application/fhir+ndjson", "application/ndjson", "application/x-ndjson":
		return true
	}
	return false
}

// importInputs reads what to import.
func importInputs(c *call, ask *bulk.ImportAsk) error {
	n, err := c.resource()
	if err != nil {
		return err
	}
	set := func(name, value string) error {
		var err error
		switch name {
		case "mode":
			ask.Mode, err = bulk.ParseMode(value)
		case "inputFormat":
			if !ndjson(value) {
				err = fault.New(fault.Invalid, "input_format_unsupported", "inputFormat is application/fhir+ndjson")
			}
		case "inputSource": // who they come from: nothing to do
		default:
			if !c.prefer.lenient {
				err = fault.New(fault.Invalid, "unknown_parameter", "$import takes inputFormat, inputSource, mode and input with type and url")
			}
		}
		return err
	}
	if n.Type() != "Parameters" { // {"inputFormat": …, "input": [{"type": …, "url": …}]}
		for _, m := range n.Members() {
			switch m.Name {
			case "input":
				for _, in := range m.Value.Items() {
					ask.Inputs = append(ask.Inputs, bulk.Input{URL: in.Str("url"), Type: in.Str("type")})
				}
			case "storageDetail":
			default:
				if err := set(m.Name, m.Value.Text()); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, p := range n.Get("parameter").Items() {
		switch name := p.Str("name"); name {
		case "input":
			var in bulk.Input
			for _, part := range p.Get("part").Items() {
				switch part.Str("name") {
				case "url":
					in.URL = valueOf(part)
				case "type":
					in.Type = valueOf(part)
				}
			}
			ask.Inputs = append(ask.Inputs, in)
		case "storageDetail":
		default:
			if err := set(name, valueOf(p)); err != nil {
				return err
			}
		}
	}
	return nil
}

// valueOf is the primitive value of a parameter.
func valueOf(p *fhir.Node) string {
	for _, m := range p.Members() {
		if strings.HasPrefix(m.Name, "value") {
			return m.Value.Text()
		}
	}
	return ""
}

// job is _job/[id] and _job/[id]/[file].
func (s *server) job(c *call) (*reply, error) {
	if s.Bulk == nil || len(c.parts) < 2 || len(c.parts) > 3 {
		return nil, fault.New(fault.NotFound, "unknown_address", "there is nothing at this address")
	}
	actor, err := s.Actor(c.http, smart.Read, "")
	if err != nil {
		return nil, err
	}
	_, err = s.Actor(c.http, smart.Manage, "jobs")
	task, err := s.Bulk.Look(c.ctx, actor, err == nil, c.parts[1])
	if err != nil {
		return nil, err
	}
	get := c.method == http.MethodGet || c.method == http.MethodHead
	switch {
	case len(c.parts) == 3:
		return only(get, "GET", c, func(c *call) (*reply, error) { return s.jobFile(c, actor, task) })
	case c.method == http.MethodDelete:
		if err := s.Bulk.Cancel(audit.Within(c.ctx, "cancel"), task.ID); err != nil {
			return nil, err
		}
		return &reply{status: http.StatusAccepted, content: content{success()}}, nil
	}
	return only(get, "GET, DELETE", c, func(c *call) (*reply, error) { return s.jobState(c, task) })
}

// jobState is how a job is: still under way, what it has made, or why it failed.
func (s *server) jobState(c *call, task *store.Task) (*reply, error) {
	switch task.State {
	case store.TaskComplete:
		manifest, err := s.Bulk.Manifest(c.ctx, task, s.Base+"/"+jobs+"/"+task.ID)
		if err != nil {
			return nil, err
		}
		return &reply{serve: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
			w.Header().Set("Expires", task.Ends.UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusOK)
			if r.Method != http.MethodHead {
				_, _ = w.Write(manifest)
			}
		}}, nil
	case store.TaskFailed:
		return &reply{status: http.StatusInternalServerError, content: content{outcomeOf(issue("error", "exception", "the job failed", "", task.Code))}}, nil
	}
	says := bulk.Says(task)
	return &reply{serve: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Progress", says)
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		w.WriteHeader(http.StatusAccepted)
	}}, nil
}

// jobFile streams a file. Who took it is in the trail before the first byte leaves.
func (s *server) jobFile(c *call, actor store.Actor, task *store.Task) (*reply, error) {
	file, err := s.Bulk.Open(c.ctx, task, c.parts[2])
	if err != nil {
		return nil, err
	}
	err = s.Store.Trail().Note(audit.Within(c.ctx, "download"), actor, audit.Event{Outcome: audit.Success,
		Steps: []audit.Step{{Action: audit.Operate, Of: task.Kind}}})
	if err != nil {
		file.Close()
		return nil, err
	}
	return &reply{serve: func(w http.ResponseWriter, r *http.Request) {
		defer file.Close()
		h := w.Header()
		h.Set("Content-Type", "application/fhir+ndjson")
		h.Add("Vary", "Accept-Encoding")
		zipped := acceptedEncoding(strings.Join(r.Header.Values("Accept-Encoding"), ",")) == "gzip"
		if zipped {
			h.Set("Content-Encoding", "gzip")
		}
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return
		}
		var to io.Writer = w
		if zipped {
			z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
			defer z.Close()
			to = z
		}
		if _, err := io.Copy(to, file); err != nil {
			panic(http.ErrAbortHandler) // a file that is cut must not look whole
		}
	}}, nil
}
