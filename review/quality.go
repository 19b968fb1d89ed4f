package review

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
	"chartlake/value"
)

// The blind sample: values that were filed without a person are read again by one who sees the page
// and not the value. What they read against what was filed is the silent-error rate, the figure that
// automatic acceptance is judged by. Which documents and which of their values are asked for is
// decided by hashes of their ids, so nobody chooses.

const (
	qualityTask  = "quality" // the task that keeps the sums
	qualityStage = "quality" // the stage under which it is noted that a document was judged
	samplesMax   = 200       // newest filed documents that are looked through for the sample
	asksMax      = 6         // values that are asked for of one document
)

// Question is a value that a person reads on the page without seeing what was read.
type Question struct {
	Segment int          `json:"segment"`
	Target  string       `json:"target"`
	Label   string       `json:"label"`
	Kind    string       `json:"kind"`
	Page    int          `json:"page"`
	Box     document.Box `json:"box"`
}

// Sample is a document of the blind sample with its questions.
type Sample struct {
	Document  string     `json:"document"`
	Version   int        `json:"version"`
	Questions []Question `json:"questions"`
}

// Reply is what a person read; empty where there is nothing to read in that place.
type Reply struct {
	Segment int    `json:"segment"`
	Target  string `json:"target"`
	Value   string `json:"value"`
}

// Judged is one value of the sample with what was filed, told once the person has said theirs.
type Judged struct {
	Segment int    `json:"segment"`
	Target  string `json:"target"`
	Filed   string `json:"filed"`
	Value   string `json:"value"`
	Right   bool   `json:"right"`
}

// Sum counts values of the sample.
type Sum struct {
	Checked int `json:"checked"`
	Wrong   int `json:"wrong"`
}

// Quality is what the sample says so far. Bins are by claimed confidence: "0.9" is 0.9 to under 1.
type Quality struct {
	Documents int            `json:"documents"`
	Values    Sum            `json:"values"`
	Kinds     map[string]Sum `json:"kinds"`
	Types     map[string]Sum `json:"types"`
	Bins      map[string]Sum `json:"bins"`
}

func (q *Quality) add(typ record.Type, f *record.Field, right bool) {
	count := func(m *map[string]Sum, name string) {
		if *m == nil {
			*m = map[string]Sum{}
		}
		s := (*m)[name]
		s.count(right)
		(*m)[name] = s
	}
	q.Values.count(right)
	count(&q.Kinds, string(f.Kind))
	count(&q.Types, string(typ))
	count(&q.Bins, fmt.Sprintf("%.1f", float64(int(min(f.Confidence, 0.999)*10))/10))
}

// Bounds are between which the share of wrong values lies with 95 % confidence (Wilson 1927).
func (s Sum) Bounds() (low, high float64) {
	if s.Checked == 0 {
		return 0, 1
	}
	const z = 1.959964
	n, p := float64(s.Checked), float64(s.Wrong)/float64(s.Checked)
	middle, wide := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (middle-wide)/(1+z*z/n)), min(1, (middle+wide)/(1+z*z/n))
}

func (s *Sum) count(right bool) {
	s.Checked++
	if !right {
		s.Wrong++
	}
}

// NextSample gives the newest document of the sample that nobody has judged; nil where there is none.
func (d *Desk) NextSample(ctx context.Context, actor store.Actor) (found *Sample, err error) {
	err = d.Pipeline.Store.View(ctx, actor, func(v store.View) error {
		docs, _, err := v.Documents(store.DocumentQuery{States: []store.State{store.Filed}, Limit: samplesMax})
		for _, doc := range docs {
			if err != nil || found != nil {
				break
			}
			if d.Policy.Sampled(doc.ID) {
				found, err = sampleOf(v, doc.ID)
			}
		}
		return err
	})
	return found, err
}

func judgedKey(document string) store.StageKey {
	return store.StageKey{Input: document, Stage: qualityStage, Version: "1"}
}

// sampleOf gives the questions of a document; nil where it was judged, or a person has touched it.
func sampleOf(v store.View, id string) (*Sample, error) {
	if _, done, err := v.Stage(judgedKey(id)); err != nil || done {
		return nil, err
	}
	rec, version, err := newest(v, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil || touched(rec) {
		return nil, err
	}
	s := &Sample{Document: id, Version: version, Questions: []Question{}}
	eachAccepted(rec, func(i int, target string, f *record.Field) {
		label := f.Label
		if label == "" {
			label = f.Name
		}
		if row, _, ok := strings.Cut(strings.TrimPrefix(target, "line:"), ":"); ok && strings.HasPrefix(target, "line:") {
			n, _ := strconv.Atoi(row)
			label += fmt.Sprintf(", line %d", n+1)
		}
		s.Questions = append(s.Questions, Question{i, target, label, string(f.Kind), f.Page, f.Box})
	})
	slices.SortStableFunc(s.Questions, func(a, b Question) int {
		x, y := chance(id, a.Target+fmt.Sprint(a.Segment)), chance(id, b.Target+fmt.Sprint(b.Segment))
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	s.Questions = s.Questions[:min(len(s.Questions), asksMax)]
	if len(s.Questions) == 0 {
		return nil, nil
	}
	return s, nil
}

// touched reports that a person has had a hand in a record: then it says nothing of the machine.
func touched(rec *record.Record) bool {
	if rec.Approved != nil || rec.Stacked != nil {
		return true
	}
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		if seg.Human != nil || slices.ContainsFunc(seg.Fields, func(f record.Field) bool { return f.Human != nil }) {
			return true
		}
		for _, line := range seg.Lines {
			for _, cell := range line {
				if cell.Human != nil {
					return true
				}
			}
		}
	}
	return false
}

// eachAccepted calls f for every value of a record that was accepted and has a place.
func eachAccepted(rec *record.Record, f func(segment int, target string, field *record.Field)) {
	asks := func(x *record.Field) bool {
		return x.State == record.Accepted && x.Value != nil && x.Page > 0 && !x.Box.Empty() && x.Kind != record.KindTick && x.Kind != record.KindSignature
	}
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		for j := range seg.Fields {
			if x := &seg.Fields[j]; asks(x) && findField(seg, x.Name) == x {
				f(i, "field:"+x.Name, x)
			}
		}
		for row, line := range seg.Lines {
			for _, name := range slices.Sorted(maps.Keys(line)) {
				if cell := line[name]; asks(&cell) {
					f(i, fmt.Sprintf("line:%d:%s", row, name), &cell)
				}
			}
		}
	}
}

// Judge takes what a person read, tells what was filed, and counts. A document is judged once.
func (d *Desk) Judge(ctx context.Context, actor store.Actor, document string, replies []Reply) (out []Judged, err error) {
	if len(replies) == 0 || len(replies) > asksMax {
		return nil, fault.New(fault.Invalid, "bad_replies", "the sample asks for %d values at most", asksMax)
	}
	var steps []store.Command
	err = d.Pipeline.Store.View(ctx, actor, func(v store.View) error {
		s, err := sampleOf(v, document)
		if err != nil {
			return err
		}
		if s == nil || !d.Policy.Sampled(document) {
			return fault.New(fault.Conflict, "not_sampled", "the document is not in the sample, or was judged")
		}
		rec, _, err := newest(v, document)
		if err != nil {
			return err
		}
		var add []func(*Quality)
		eachAccepted(rec, func(i int, target string, f *record.Field) {
			at := slices.IndexFunc(replies, func(r Reply) bool { return r.Segment == i && r.Target == target })
			if at < 0 || len(replies[at].Value) > valueMax || !slices.ContainsFunc(s.Questions, func(q Question) bool { return q.Segment == i && q.Target == target }) {
				return
			}
			field, typ := *f, rec.Segments[i].Type
			right := same(&field, replies[at].Value)
			out = append(out, Judged{i, target, *field.Value, replies[at].Value, right})
			add = append(add, func(q *Quality) { q.add(typ, &field, right) })
		})
		if len(out) != len(replies) {
			return fault.New(fault.Invalid, "bad_replies", "a reply is to a value that the sample does not ask for")
		}
		steps, err = d.counted(v, document, out, add)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.Pipeline.Store.Transact(ctx, actor, steps); err != nil {
		return nil, changed(err)
	}
	return out, nil
}

// counted is the transaction of a judgement: the mark that is made once, and the sums.
func (d *Desk) counted(v store.View, document string, out []Judged, add []func(*Quality)) ([]store.Command, error) {
	wrong := 0
	for _, j := range out {
		if !j.Right {
			wrong++
		}
	}
	mark := store.PutStage{Key: judgedKey(document), Make: func([]store.Result) ([]byte, error) { return json.Marshal(Sum{len(out), wrong}) }}
	count := func(q *Quality) {
		q.Documents++
		for _, f := range add {
			f(q)
		}
	}
	_, err := v.Task(qualityTask)
	if fault.Is(err, fault.NotFound) {
		q := &Quality{}
		count(q)
		body, err := json.Marshal(q)
		return []store.Command{mark, store.PutTask{Task: store.Task{ID: qualityTask, Kind: qualityTask, Owner: store.Actor{ID: "system:review"}, State: store.TaskRunning, Progress: body}}}, err
	}
	return []store.Command{mark, store.ChangeTask{ID: qualityTask, Modify: func(t *store.Task, _ store.Moment) error {
		q := &Quality{}
		if err := json.Unmarshal(t.Progress, q); err != nil {
			return fault.New(fault.Corrupt, "quality_damaged", "the sums of the sample cannot be read")
		}
		count(q)
		body, err := json.Marshal(q)
		t.Progress = body
		return err
	}}}, err
}

// same reports whether a person read what was filed: the same value of its kind, or the same text.
func same(f *record.Field, read string) bool {
	if plain(read) == plain(*f.Value) || plain(read) == plain(f.Raw) {
		return true
	}
	if strings.TrimSpace(read) == "" {
		return false
	}
	r := value.Parse(string(f.Kind), read, value.Hint{})
	return r.OK && plain(r.Value) == plain(*f.Value)
}

// Quality tells what the sample says so far.
func (d *Desk) Quality(ctx context.Context, actor store.Actor) (*Quality, error) {
	q := &Quality{}
	err := d.Pipeline.Store.View(ctx, actor, func(v store.View) error {
		t, err := v.Task(qualityTask)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err == nil {
			err = json.Unmarshal(t.Progress, q)
		}
		return err
	})
	return q, err
}
