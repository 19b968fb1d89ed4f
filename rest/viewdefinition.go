package rest

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chartlake/analytics"
	"chartlake/analytics/sheet"
	"chartlake/analytics/view"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
)

// runView is $viewdefinition-run of SQL on FHIR v2 (https://sql-on-fhir.org/): the rows of the
// ViewDefinition in the parameter viewResource, over the resources in parameters resource or over
// the store, as _format says (ndjson, csv, parquet) and at most _limit. ViewDefinition is no type
// of R4, so that none is stored: it comes with each request, to [base]/$viewdefinition-run or
// [base]/ViewDefinition/$viewdefinition-run.
func (s *server) runView(c *call) (*reply, error) {
	ask, err := c.viewAsked()
	if err != nil {
		return nil, err
	}
	actor, err := s.Actor(c.http, smart.Read, ask.view.Resource)
	if err != nil {
		return nil, err
	}
	return &reply{serve: func(w http.ResponseWriter, r *http.Request) {
		err := analytics.Stream(w, ask.format, ask.view.Columns, func(emit func([]any) error) error {
			err := s.viewRows(c, actor, ask, emit)
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		})
		if err != nil {
			(&writer{w: w, r: r, encoders: s.encoders}).fail(err)
		}
	}}, nil
}

var errEnough = errors.New("as many rows as were asked for")

func (s *server) viewRows(c *call, actor store.Actor, ask *viewAsked, emit func([]any) error) error {
	count := 0
	some := func(row []any) error {
		if count++; ask.limit > 0 && count > ask.limit {
			return errEnough
		}
		return emit(row)
	}
	if ask.resources == nil {
		return s.Store.View(c.ctx, actor, func(v store.View) error { return analytics.Of(ask.view).Rows(c.ctx, v, some) })
	}
	runner := ask.view.Runner()
	for _, r := range ask.resources {
		if err := runner.Rows(r, some); err != nil {
			return err
		}
	}
	return nil
}

// viewAsked is the input of $viewdefinition-run.
type viewAsked struct {
	view      *view.View
	resources []*fhir.Node
	format    string
	limit     int // 0: all
}

// mediaFormats are the formats by the media types of the operation's definition.
var mediaFormats = map[string]string{"application/x-ndjson": "ndjson", "application/ndjson": "ndjson", "text/csv": "csv",
	"application/vnd.apache.parquet": "parquet", "application/octet-stream": "parquet"}

// ofRows reports whether the answer is rows of a view and no resource.
func (c *call) ofRows() bool {
	return len(c.parts) > 0 && c.parts[len(c.parts)-1] == "$viewdefinition-run"
}

func (c *call) viewAsked() (*viewAsked, error) {
	ask := &viewAsked{format: "ndjson"}
	if short := mediaFormats[strings.TrimSpace(c.http.Header.Get("Accept"))]; short != "" {
		ask.format = short
	}
	inputs, err := c.inputs()
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		switch in.Name {
		case "_format":
			ask.format = in.Value
			if short := mediaFormats[strings.TrimSpace(in.Value)]; short != "" {
				ask.format = short
			}
			if !slices.Contains(sheet.Formats, ask.format) {
				return nil, fault.New(fault.Invalid, "no_such_format", "_format is one of %s", strings.Join(sheet.Formats, ", "))
			}
		case "_limit":
			if ask.limit, err = strconv.Atoi(in.Value); err != nil || ask.limit < 1 {
				return nil, fault.New(fault.Invalid, "bad_limit", "_limit is a number of rows from 1 on")
			}
		case "header":
			if in.Value != "true" {
				return nil, fault.New(fault.Invalid, "not_supported", "CSV has a header line")
			}
		default:
			return nil, fault.New(fault.Invalid, "unknown_parameter", "the operation takes viewResource, resource, _format and _limit")
		}
	}
	if len(c.body) == 0 {
		return nil, fault.New(fault.Invalid, "no_view", "the operation takes a ViewDefinition as viewResource in Parameters")
	}
	n, err := c.resource()
	if err != nil {
		return nil, err
	}
	var definition *fhir.Node
	for _, p := range n.Get("parameter").Items() {
		switch p.Str("name") {
		case "viewResource":
			definition = p.Get("resource")
		case "resource":
			ask.resources = append(ask.resources, p.Get("resource"))
		}
	}
	if definition == nil {
		return nil, fault.New(fault.Invalid, "no_view", "the operation takes a ViewDefinition as viewResource in Parameters")
	}
	ask.view, err = view.Compile(definition)
	return ask, err
}
