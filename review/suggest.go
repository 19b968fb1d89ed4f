package review

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/identity"
	"chartlake/record"
	"chartlake/search"
	"chartlake/store"
	"chartlake/value"
)

// Suggestion is a value that a field may have, in its canonical form, and why. It is never chosen
// by itself: a person takes it by a correct with its Value.
type Suggestion struct {
	Value  string `json:"value"`
	Reason string `json:"reason"`
}

const (
	suggestionsMax = 9  // a key each
	rosterMost     = 20 // providers that one search may bring up; more say nothing about one
)

// suggesting gathers the suggestions for one field.
type suggesting struct {
	desk *Desk
	view store.View
	rec  *record.Record
	seg  *record.Segment
	f    *record.Field
	out  []Suggestion
}

// Suggest gives the values that a field or cell (field:NAME, line:ROW:NAME) may have, the likeliest
// first, nine at most: other readings of what is printed, the same field elsewhere in the file,
// the patient's record, the roster of providers, drugs that look alike, and what corrections have
// taught. It writes nothing.
func (d *Desk) Suggest(ctx context.Context, actor store.Actor, document string, segment int, target string) ([]Suggestion, error) {
	out := []Suggestion{}
	err := d.Pipeline.Store.View(ctx, actor, func(v store.View) error {
		rec, _, err := newest(v, document)
		if err != nil {
			return err
		}
		if segment < 0 || segment >= len(rec.Segments) {
			return noTarget()
		}
		s := &suggesting{desk: d, view: v, rec: rec, seg: &rec.Segments[segment]}
		if s.f = targeted(s.seg, target); s.f == nil {
			return noTarget()
		}
		if err := s.all(); err != nil {
			return err
		}
		out = append(out, s.out...)
		return nil
	})
	return out, err
}

// targeted is the field or cell of a target; nil where there is none.
func targeted(seg *record.Segment, target string) *record.Field {
	what, rest, _ := strings.Cut(target, ":")
	if what == "field" {
		return findField(seg, rest)
	}
	if _, _, cell, ok := cellOf(seg, rest); ok && what == "line" {
		return &cell
	}
	return nil
}

func (s *suggesting) all() error {
	s.machine()
	s.readings()
	s.elsewhere()
	for _, more := range []func() error{s.learned, s.patient, s.roster} {
		if err := more(); err != nil {
			return err
		}
	}
	s.drugs()
	return nil
}

// add takes a value over where it is of the field's kind and says something new.
func (s *suggesting) add(text, reason string) {
	if len(s.out) == suggestionsMax || strings.TrimSpace(text) == "" {
		return
	}
	text, ok := canonical(s.f, text)
	if !ok {
		return
	}
	if s.f.Value != nil && *s.f.Value == text || slices.ContainsFunc(s.out, func(x Suggestion) bool { return x.Value == text }) {
		return
	}
	s.out = append(s.out, Suggestion{text, reason})
}

// machine offers what was read before a person or a lesson put something else there.
func (s *suggesting) machine() {
	if m := s.f.Machine; m != nil && m.Value != nil {
		s.add(*m.Value, "as it was read")
	}
}

// readings are what the printed characters may also be: a date in the other order or century,
// an identifier with one character that a reader takes for another.
func (s *suggesting) readings() {
	raw := s.f.Raw
	if raw == "" {
		return
	}
	if s.f.Kind == record.KindDate || s.f.Kind == record.KindDatetime {
		for _, d := range otherDates(raw) {
			s.add(d, "the printed numbers in another order or century")
		}
	}
	if check := checked(s.f.Name); check != nil && !check(raw) {
		for _, text := range oneOff(raw) {
			if check(text) {
				s.add(text, "one character read otherwise, and the check digit comes out")
			}
		}
	}
}

var shortDate = regexp.MustCompile(`^\s*(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})\s*$`)

// otherDates gives a numeric date as month first and day first, and two digits of a year in
// both centuries. What is no day is left out by add.
func otherDates(raw string) (out []string) {
	m := shortDate.FindStringSubmatch(raw)
	if m == nil {
		return nil
	}
	years := []string{m[3]}
	if len(m[3]) == 2 {
		years = []string{"20" + m[3], "19" + m[3]}
	}
	for _, year := range years {
		for _, day := range [][2]string{{m[1], m[2]}, {m[2], m[1]}} {
			out = append(out, fmt.Sprintf("%s/%s/%s", day[0], day[1], year))
		}
	}
	return out
}

// checked is the check of the identifier that a field holds; nil for one that has none.
func checked(name string) func(string) bool {
	base := name[strings.LastIndexByte(name, '.')+1:]
	sure := func(_ string, reasons []string, ok bool) bool { return ok && len(reasons) == 0 }
	switch {
	case base == "npi" || slices.Contains([]string{"17b", "32a", "33a", "FL56"}, name):
		return func(s string) bool { return sure(value.ParseNPI(s)) }
	case base == "dea":
		return func(s string) bool { return sure(value.ParseDEA(s)) }
	}
	return nil
}

// confused are characters that readers take for each other (document-types.md §2.6), and digits
// whose shapes fax lines make alike.
var confused = map[byte]string{'0': "O86", 'O': "0", '1': "7Il", 'I': "1", 'l': "1", '2': "Z7", 'Z': "2", '3': "8", '4': "9", '5': "S6", 'S': "5",
	'6': "G58", 'G': "6", '7': "12", '8': "B36", 'B': "8", '9': "4"}

// oneOff gives a text with each one character exchanged for one that looks like it.
func oneOff(raw string) (out []string) {
	for i := range len(raw) {
		for _, c := range []byte(confused[raw[i]]) {
			out = append(out, raw[:i]+string(c)+raw[i+1:])
		}
	}
	return out
}

// elsewhere offers what other documents of the file say of the same patient, and the same field of
// other pages. Only the details of a person and of who sends are the same all over a file.
func (s *suggesting) elsewhere() {
	detail := identity.Detail(s.f.Name)
	for i := range s.rec.Segments {
		seg := &s.rec.Segments[i]
		for j := range seg.Fields {
			f := &seg.Fields[j]
			same := f.Name == s.f.Name && (seg == s.seg || slices.Contains(senders, f.Name)) || detail != "" && identity.Detail(f.Name) == detail && !others(s.seg, seg) && (f.Kind == record.KindDate) == (s.f.Kind == record.KindDate)
			if same && f.Value != nil && f.Page > 0 && f.State == record.Accepted {
				s.add(*f.Value, fmt.Sprintf("page %d says so", f.Page))
			}
		}
	}
}

// others reports that two documents of a file are known to be of two patients.
func others(a, b *record.Segment) bool {
	return a.Subject != nil && b.Subject != nil && a.Subject.Patient != "" && b.Subject.Patient != "" && a.Subject.Patient != b.Subject.Patient
}

// learned offers what corrections taught for this text, also where it is one correction alone.
func (s *suggesting) learned() error {
	l, err := readLessons(s.view)
	if err != nil {
		return err
	}
	from := sender(s.seg)
	for _, x := range l.all() {
		if !x.Unsaid && x.Type == s.seg.Type && x.Sender == from && x.Field == s.f.Name && x.Text != "" && x.Text == plain(s.f.Raw) {
			s.add(x.Value, fmt.Sprintf("learned from %d corrections", x.Documents))
		}
	}
	return nil
}

// patient offers what the patient's record says, or, where it is asked whose the document is, what
// the records of the candidates say.
func (s *suggesting) patient() error {
	detail := identity.Detail(s.f.Name)
	if detail == "" || s.seg.Subject == nil {
		return nil
	}
	ids, reason := []string{s.seg.Subject.Patient}, "the patient's record says so"
	if s.seg.Subject.Patient == "" {
		ids, reason = nil, "the record of a patient who may be meant says so"
		for _, c := range s.seg.Subject.Candidates {
			ids = append(ids, c.Patient)
		}
	}
	for _, id := range ids {
		resource, err := s.view.Read(store.Key{Type: "Patient", ID: id})
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue // filed with this document alone, or merged into another
		}
		if err != nil {
			return err
		}
		for _, text := range identity.FromPatient(resource.Resource).Says(detail) {
			s.add(text, reason)
		}
	}
	return nil
}

// people are the fields that name a provider, with the field that has the provider's number.
var people = [][2]string{{"provider", "provider.npi"}, {"ordering", "ordering.npi"}, {"attending", "provider.npi"}, {"pcp", ""}, {"requester", "requester.npi"}, {"servicing", "servicing.npi"},
	{"from", "from.npi"}, {"to", ""}, {"prescriber", "npi"}, {"payee", "payee.npi"}, {"facility", "facility.npi"}, {"17", "17b"}, {"31", "24J.npi"}, {"33", "33a"}}

// roster offers the providers of the roster: the one with the number for a name, the numbers of
// those with the name for a number, and names that begin as the printed one.
func (s *suggesting) roster() error {
	for _, of := range people {
		name, number := of[0], of[1]
		switch s.f.Name {
		case name:
			if f := findField(s.seg, number); number != "" && f != nil && f.Value != nil {
				if err := s.providers("identifier", *f.Value, nameOf); err != nil {
					return err
				}
			}
			if family, _ := value.SplitName(s.f.Raw); family != "" {
				if err := s.providers("name", family, nameOf); err != nil {
					return err
				}
			}
		case number:
			if f := findField(s.seg, name); f != nil && f.Value != nil {
				family, _ := value.SplitName(*f.Value)
				if err := s.providers("name", family, npiOf); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// providers offers what say gives of each practitioner or organisation that a search finds.
func (s *suggesting) providers(parameter, text string, say func(*fhir.Node) string) error {
	for _, typ := range []string{"Practitioner", "Organization"} {
		q, err := search.Criteria(typ, url.Values{parameter: {strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`).Replace(text)}}.Encode(), search.Options{})
		if fault.Is(err, fault.Invalid) {
			continue // what was read is no value to search by
		}
		if err != nil {
			return err
		}
		q.Count, q.CountSet = rosterMost, true
		page, err := s.view.Search(q)
		if err != nil {
			return err
		}
		for _, m := range page.Matches {
			s.add(say(m.Resource), "the roster of providers has it")
		}
	}
	return nil
}

func nameOf(r *fhir.Node) string {
	if r.Type() == "Organization" {
		return r.Str("name")
	}
	name := r.Get("name").Item(0)
	if text := name.Str("text"); text != "" {
		return text
	}
	var words []string
	for _, g := range name.Get("given").Items() {
		words = append(words, g.Text())
	}
	return strings.TrimSpace(strings.Join(words, " ") + " " + name.Str("family"))
}

func npiOf(r *fhir.Node) string {
	for _, id := range r.Get("identifier").Items() {
		if id.Str("system") == value.NPISystem {
			return id.Str("value")
		}
	}
	return ""
}

// drugs offers the drugs whose names look like the printed one.
func (s *suggesting) drugs() {
	if s.f.Name != "drug" && !strings.HasPrefix(s.f.Name, "medications.") || s.desk.DrugsLike == nil {
		return
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(s.f.Raw), " ")
	for _, drug := range s.desk.DrugsLike(word) {
		s.add(strings.TrimSpace(drug+" "+rest), "a drug whose name looks like it")
	}
}
