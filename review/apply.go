package review

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/identity"
	"chartlake/pipeline"
	"chartlake/record"
	"chartlake/store"
	"chartlake/value"
)

// apply changes the record as the action says.
func (x *act) apply() error {
	switch x.Kind {
	case Approve:
		return x.approve()
	case Hold, Resume:
		return x.hold()
	}
	if x.Segment < 0 || x.Segment >= len(x.rec.Segments) {
		return fault.New(fault.NotFound, "no_such_segment", "the record has %d segments", len(x.rec.Segments))
	}
	seg := &x.rec.Segments[x.Segment]
	what, rest, _ := strings.Cut(x.Target, ":")
	switch {
	case what == "field" && rest != "":
		f := findField(seg, rest)
		if f == nil {
			if x.Kind != Correct {
				return noTarget()
			}
			return x.enter(seg, rest)
		}
		return x.field(seg, f)
	case what == "line" && rest != "":
		return x.cell(seg, rest)
	case what == "entity" && rest != "":
		return x.entity(seg, rest)
	case what == "flag" && x.Kind == Accept:
		i, err := strconv.Atoi(rest)
		if err != nil || i < 0 || i >= len(seg.Flags) {
			return noTarget()
		}
		if looked(seg, &seg.Flags[i], x.actor.ID) {
			return fault.New(fault.Conflict, "same_reader", "another person has to look at this one")
		}
		seg.Flags[i].Human = x.by("accepted")
		return nil
	case x.Target == "type" && (x.Kind == Correct || x.Kind == Accept):
		return x.retype(seg)
	case x.Target == "patient" && x.Kind == Answer:
		return x.answer(seg)
	}
	return fault.New(fault.Invalid, "bad_target", "this kind of action cannot be done to this target")
}

func noTarget() error {
	return fault.New(fault.NotFound, "no_such_target", "the record has no such value")
}

var fieldName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._]{0,63}$`)

// enter adds a field that nothing was read for: what a person types in by hand, or clicks on the page.
func (x *act) enter(seg *record.Segment, name string) error {
	kind := record.Kind(x.As)
	if kind == "" {
		kind = record.KindText
	}
	if !fieldName.MatchString(name) || !slices.Contains(kindsOfValue, kind) {
		return fault.New(fault.Invalid, "bad_target", "a new field has a name of letters, digits, points and underscores, and a kind of the record format")
	}
	f := record.Field{Name: name, Kind: kind, State: record.Missing}
	if err := x.field(seg, &f); err != nil {
		return err
	}
	seg.Fields = append(seg.Fields, f)
	return nil
}

// findField gives the field of a name: the first that still waits, else the first.
func findField(seg *record.Segment, name string) *record.Field {
	var first *record.Field
	for i := range seg.Fields {
		f := &seg.Fields[i]
		if f.Name != name {
			continue
		}
		if f.State == record.Review {
			return f
		}
		if first == nil {
			first = f
		}
	}
	return first
}

// cell acts on one cell of a row: "ROW:NAME".
func (x *act) cell(seg *record.Segment, target string) error {
	row, name, cell, ok := cellOf(seg, target)
	if !ok {
		return noTarget()
	}
	if err := x.field(seg, &cell); err != nil {
		return err
	}
	seg.Lines[row][name] = cell
	return nil
}

// cellOf finds the cell of a target ROW:NAME.
func cellOf(seg *record.Segment, target string) (row int, name string, cell record.Field, ok bool) {
	number, name, _ := strings.Cut(target, ":")
	row, err := strconv.Atoi(number)
	if err != nil || row < 0 || row >= len(seg.Lines) {
		return 0, "", cell, false
	}
	cell, ok = seg.Lines[row][name]
	return row, name, cell, ok
}

// field settles a field or cell. The machine's reading stays in Machine.
func (x *act) field(seg *record.Segment, f *record.Field) error {
	machine := f.Machine
	if machine == nil && f.Human == nil {
		m := *f
		machine = &m
	}
	g := *f
	switch x.Kind {
	case Accept:
		if g.Value == nil {
			return fault.New(fault.Invalid, "nothing_to_accept", "nothing was read here; correct it, or say that it is not present")
		}
		g.Human = x.by("accepted")
	case Correct:
		if err := x.correct(seg, &g); err != nil {
			return err
		}
		g.Human, g.Source, g.Confidence = x.by("corrected"), "human", 1
	case Reject:
		g.Value, g.Human = nil, x.by("rejected")
	case NotPresent:
		g.Value, g.Human = nil, x.by("not_present")
	default:
		return fault.New(fault.Invalid, "bad_target", "this kind of action cannot be done to a value")
	}
	g.State, g.Machine = record.Accepted, machine
	*f = g
	return nil
}

// correct sets the value that was typed or clicked, in the canonical form of its kind.
func (x *act) correct(seg *record.Segment, f *record.Field) error {
	text := x.Value
	if x.Page != 0 || len(x.Words) > 0 || x.Box != nil {
		clicked, err := x.place(seg, f)
		if err != nil {
			return err
		}
		if text == "" {
			text = clicked
		}
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return fault.New(fault.Invalid, "no_value", "a correction has a value or words")
	}
	text, ok := canonical(f, text)
	if !ok {
		return fault.New(fault.Invalid, "bad_value", "this cannot be read as a value of kind %s", f.Kind)
	}
	f.Value = &text
	return nil
}

// fewWords are codes that no code system has: a sex, a flag, a pointer, a letter of a box.
var fewWords = regexp.MustCompile(`^[A-Za-z0-9*+<>][A-Za-z0-9*+<> ./-]{0,19}$`)

// canonical is a text in the form of the field's kind; ok is false where it is no such value.
func canonical(f *record.Field, text string) (v string, ok bool) {
	switch f.Kind {
	case record.KindTick, record.KindSignature:
		return text, true
	case record.KindCode:
		if identity.Detail(f.Name) == "sex" {
			return value.ParseSex(text)
		}
		if r := value.Parse(string(f.Kind), text, value.Hint{}); r.OK {
			return r.Value, true
		}
		return strings.ToUpper(text), fewWords.MatchString(text)
	}
	r := value.Parse(string(f.Kind), text, value.Hint{})
	return r.Value, r.OK
}

// place moves a field's evidence to the words or the box that a person pointed at, and gives
// the words' text.
func (x *act) place(seg *record.Segment, f *record.Field) (string, error) {
	page := x.read.Page(x.Page)
	if page == nil || x.Page < seg.Pages[0] || x.Page > seg.Pages[1] {
		return "", fault.New(fault.Invalid, "bad_place", "the place must be on a page of the segment")
	}
	var box document.Box
	var words []string
	runs := x.read.Text(seg.Pages[0], seg.Pages[1]).Runs
	begin, end := 0, 0
	for _, w := range x.Words {
		if w < 0 || w >= len(page.Words) {
			return "", fault.New(fault.Invalid, "bad_words", "page %d has %d words", x.Page, len(page.Words))
		}
		words = append(words, page.Words[w].Text)
		box = box.Union(page.Words[w].Box)
		for _, r := range runs {
			if r.Page == x.Page && r.Word == w {
				if end == 0 || r.Begin < begin {
					begin = r.Begin
				}
				end = max(end, r.End)
			}
		}
	}
	if x.Box != nil {
		box = x.Box.Clamp()
	}
	if box.Empty() {
		return "", fault.New(fault.Invalid, "bad_place", "the place has no area")
	}
	f.Page, f.Box, f.Begin, f.End, f.Raw = x.Page, box, begin, end, strings.Join(words, " ")
	return f.Raw, nil
}

// entity settles a clinical mention: "ID", or "ID:PART" for one part of what is asserted.
func (x *act) entity(seg *record.Segment, target string) error {
	id, part, _ := strings.Cut(target, ":")
	var e *record.Entity
	for i := range seg.Entities {
		if seg.Entities[i].ID == id {
			e = &seg.Entities[i]
			break
		}
	}
	if e == nil {
		return noTarget()
	}
	machine := e.Machine
	if machine == nil && e.Human == nil {
		m := *e
		machine = &m
	}
	g := *e
	g.State = record.Accepted
	switch {
	case x.Kind == Accept && part == "":
		g.Human = x.by("accepted")
	case (x.Kind == Reject || x.Kind == NotPresent) && part == "":
		g.State, g.Human = record.Missing, x.by("rejected") // missing is not filed
	case x.Kind == Correct:
		if err := x.correctEntity(&g, part); err != nil {
			return err
		}
		g.Human = x.by("corrected")
	default:
		return fault.New(fault.Invalid, "bad_target", "this kind of action cannot be done to an entity")
	}
	g.Machine = machine
	*e = g
	return nil
}

func (x *act) correctEntity(e *record.Entity, part string) error {
	flags := map[string]*bool{"negated": &e.Negated, "uncertain": &e.Uncertain, "hypothetical": &e.Hypothetical, "historical": &e.Historical}
	if set, ok := flags[part]; ok {
		b, err := strconv.ParseBool(x.Value)
		if err != nil {
			return fault.New(fault.Invalid, "bad_value", "%s is true or false", part)
		}
		*set = b
		return nil
	}
	switch part {
	case "experiencer":
		if x.Value != "patient" && x.Value != "family" && x.Value != "other" {
			return fault.New(fault.Invalid, "bad_value", "experiencer is patient, family or other")
		}
		e.Experiencer = x.Value
	case "":
		text := strings.TrimSpace(x.Value)
		if text == "" {
			return fault.New(fault.Invalid, "no_value", "a correction has a value")
		}
		e.Text, e.Codes = text, nil // the codes were those of the other words
	default:
		return noTarget()
	}
	return nil
}

var typeName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// retype settles what kind of document a segment is.
func (x *act) retype(seg *record.Segment) error {
	if x.Kind == Accept {
		seg.Human = x.by("accepted")
		return nil
	}
	if !typeName.MatchString(x.Value) {
		return fault.New(fault.Invalid, "bad_value", "a type is one of the names of the record format")
	}
	if seg.Human == nil {
		seg.MachineType = seg.Type
	}
	if string(seg.Type) != x.Value {
		seg.LOINC = "" // it was that of the other type
	}
	seg.Type, seg.TypeConfidence, seg.Human = record.Type(x.Value), 1, x.by("corrected")
	return nil
}

// answer settles whose a segment is.
func (x *act) answer(seg *record.Segment) error {
	sub := record.Subject{Human: x.by("answered")}
	if seg.Subject != nil {
		sub.Candidates = seg.Subject.Candidates
	}
	if x.Value == "new" {
		sub.Patient, sub.New = pipeline.OwnPatient(x.rec, x.Segment), true
		seg.Subject = &sub
		return nil
	}
	sub.Patient = strings.TrimPrefix(x.Value, "Patient/")
	if sub.Patient == "" {
		return fault.New(fault.Invalid, "no_value", "an answer is a Patient's id or new")
	}
	if _, err := x.view.Read(store.Key{Type: "Patient", ID: sub.Patient}); err != nil {
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			return fault.New(fault.NotFound, "no_such_patient", "there is no such patient")
		}
		return err
	}
	seg.Subject = &sub
	return nil
}

// approve settles the document as a whole: flags and pages that failed are taken note of.
// Values that still wait are accepted only when the person says so.
func (x *act) approve() error {
	if x.Value != "" && x.Value != AsShown {
		return fault.New(fault.Invalid, "bad_value", "approve has no value, or %s", AsShown)
	}
	open := 0
	for i := range x.rec.Segments {
		open += x.approveSegment(&x.rec.Segments[i])
	}
	if open > 0 {
		return fault.New(fault.Conflict, "open_values", "%d values still wait for a decision", open)
	}
	x.rec.Approved, x.rec.Held = x.by("approved"), nil
	return nil
}

// hold puts a document aside until it is taken up again or approved. What it filed stays; what
// it sent to others is taken back.
func (x *act) hold() error {
	switch {
	case x.Kind == Resume && x.rec.Held == nil:
		return fault.New(fault.Conflict, "not_held", "nobody has put the document aside")
	case x.Kind == Resume:
		x.rec.Held = nil
	case strings.TrimSpace(x.Reason) == "":
		return fault.New(fault.Invalid, "no_reason", "a document is put aside for a reason; say which")
	default:
		x.rec.Held = x.by("held")
	}
	return nil
}

func (x *act) approveSegment(seg *record.Segment) (open int) {
	settle := func(state *record.State, human **record.Human) bool {
		if *state != record.Review {
			return false
		}
		if x.Value != AsShown {
			open++
			return false
		}
		*state, *human = record.Accepted, x.by("accepted")
		return true
	}
	for i := range seg.Fields {
		m := seg.Fields[i]
		if f := &seg.Fields[i]; settle(&f.State, &f.Human) && f.Machine == nil {
			f.Machine = &m
		}
	}
	for _, line := range seg.Lines {
		for name, cell := range line {
			m := cell
			if settle(&cell.State, &cell.Human) {
				if cell.Machine == nil {
					cell.Machine = &m
				}
				line[name] = cell
			}
		}
	}
	for i := range seg.Entities {
		m := seg.Entities[i]
		if e := &seg.Entities[i]; settle(&e.State, &e.Human) && e.Machine == nil {
			e.Machine = &m
		}
	}
	for i := range seg.Flags {
		if seg.Flags[i].Human == nil && !looked(seg, &seg.Flags[i], x.actor.ID) {
			seg.Flags[i].Human = x.by("approved")
		}
	}
	return open
}
