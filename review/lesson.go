package review

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
	"chartlake/value"
)

// What corrections teach, for documents of one type and one sender (the letterhead): that a text
// stands for a value ("Gluc" is Glucose), or that a label stands for a field ("Chart #" is mrn).
//
// Nothing is learned from one correction: two documents must say the same, and none the contrary.
// From two on it is used and shown to a person, from three on it is accepted. Only names of tests,
// units, drugs, places and the like are learned as values, never what a page says of its patient.
// What is taken back is unlearned, since a document's votes are those of its newest record.

const (
	lessonTask  = "lessons" // the task that keeps the votes
	lessonShown = 2         // documents that must agree before a lesson is used
	lessonSure  = 3         // and before it is accepted without a person
	votesMax    = 20_000    // the oldest are forgotten
	textMax     = 100       // bytes of a text or label
	labelMax    = 4         // words of a label
)

// teachable are the fields and cells whose values are learned: vocabulary, not people.
// Source: the rows and fields of docs/format/record.md.
var teachable = []string{"test", "unit", "flag", "panel", "drug", "form", "route", "frequency", "vaccine", "product", "manufacturer", "site", "substitution",
	"lab", "facility", "practice", "clinic", "payer", "pharmacy", "specialty", "description", "line.description", "service"}

// senders are the fields that say whose paper it is, first found wins.
var senders = []string{"lab", "facility", "practice", "clinic", "pharmacy", "payer"}

// vote is what one correction says.
type vote struct {
	Document string    `json:"d"`
	At       time.Time `json:"t"`
	Lesson   `json:"l"`
}

// Lesson is what corrections of a type's and sender's documents agree on.
type Lesson struct {
	Type   record.Type `json:"type"`
	Sender string      `json:"sender,omitempty"`
	Field  string      `json:"field"`
	Text   string      `json:"text,omitempty"`  // as read; of a value
	Label  string      `json:"label,omitempty"` // as printed; of a place
	Value  string      `json:"value,omitempty"` // what the text stands for
}

// about is the question that a lesson answers.
func (l Lesson) about() Lesson {
	l.Value = ""
	if l.Label != "" {
		l.Field = ""
	}
	return l
}

type lessons struct {
	Votes  []vote   `json:"votes"`
	Unsaid []Lesson `json:"unsaid,omitempty"` // that a person has taken back
}

// Learned is a lesson with how many documents teach it.
type Learned struct {
	Lesson
	Documents int  `json:"documents"`
	Used      bool `json:"used"` // enough agree, and none says the contrary
	Unsaid    bool `json:"unsaid,omitempty"`
}

func readLessons(v store.Tasks) (*lessons, error) {
	t, err := v.Task(lessonTask)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l := &lessons{}
	if err := json.Unmarshal(t.Progress, l); err != nil {
		return nil, fault.New(fault.Corrupt, "lessons_damaged", "what corrections have taught cannot be read")
	}
	return l, nil
}

// all lists what was taught, the most certain first.
func (l *lessons) all() (out []Learned) {
	if l == nil {
		return nil
	}
	count := map[Lesson]int{}
	answers := map[Lesson]map[string]bool{}
	seen := map[string]bool{}
	for _, x := range l.Votes {
		key := fmt.Sprintf("%s %v", x.Document, x.Lesson)
		if seen[key] {
			continue
		}
		seen[key] = true
		count[x.Lesson]++
		about := x.Lesson.about()
		if answers[about] == nil {
			answers[about] = map[string]bool{}
		}
		answers[about][x.Field+"\x00"+x.Value] = true
	}
	for lesson, n := range count {
		unsaid := slices.Contains(l.Unsaid, lesson)
		out = append(out, Learned{lesson, n, n >= lessonShown && len(answers[lesson.about()]) == 1 && !unsaid, unsaid})
	}
	slices.SortFunc(out, func(a, b Learned) int {
		if a.Documents != b.Documents {
			return b.Documents - a.Documents
		}
		return strings.Compare(fmt.Sprint(a.Lesson), fmt.Sprint(b.Lesson))
	})
	return out
}

// votes gives what the corrections of a record teach.
func votes(id string, at time.Time, rec *record.Record, read *document.Document) (out []vote) {
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		each := func(name string, f *record.Field) {
			if f.Human == nil || f.Human.Action != "corrected" || f.Value == nil || f.Machine == nil {
				return
			}
			l := Lesson{Type: seg.Type, Sender: sender(seg), Field: name}
			m := f.Machine
			switch {
			case m.Raw != "" && slices.Contains(teachable, name) && len(m.Raw) <= textMax && len(*f.Value) <= textMax:
				l.Text, l.Value = plain(m.Raw), *f.Value
			case m.Value == nil && m.Raw == "" && f.Page > 0:
				if l.Label = labelOf(read, f); l.Label == "" {
					return
				}
			default:
				return
			}
			out = append(out, vote{id, at, l})
		}
		for j := range seg.Fields {
			each(seg.Fields[j].Name, &seg.Fields[j])
		}
		for _, line := range seg.Lines {
			for _, name := range slices.Sorted(maps.Keys(line)) {
				cell := line[name]
				each(name, &cell)
			}
		}
	}
	return out
}

// sender is the letterhead of a segment, without case and punctuation.
func sender(seg *record.Segment) string {
	for _, name := range senders {
		if f := findField(seg, name); f != nil && f.Value != nil && f.State == record.Accepted {
			return plain(*f.Value)
		}
	}
	return ""
}

// plain is a text without case and with single blanks, as it is compared.
func plain(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// labelOf is the words that stand left of a value on its line, up to a wide gap: four at most, with
// letters and without digits, so that it is form and not content.
func labelOf(read *document.Document, f *record.Field) string {
	page := read.Page(f.Page)
	if page == nil {
		return ""
	}
	for _, line := range page.Lines {
		first := slices.IndexFunc(line.Words, func(w int) bool { return f.Box.IoU(page.Words[w].Box) > 0 })
		if first < 1 {
			continue
		}
		begin := first
		for begin > 0 && first-begin < labelMax && (begin == first || !gap(page, line.Words[begin-1], line.Words[begin])) {
			begin--
		}
		label := plain(joinedWords(page, line.Words[begin:first]))
		if len(label) <= textMax && strings.IndexFunc(label, unicode.IsDigit) < 0 && strings.IndexFunc(label, unicode.IsLetter) >= 0 {
			return label
		}
	}
	return ""
}

// gap reports that two words of a line are further apart than words of one phrase: more than
// twice the height of the letters.
func gap(page *document.Page, left, right int) bool {
	a, b := page.Words[left].Box, page.Words[right].Box
	height := a.H
	if page.Width > 0 {
		height *= float64(page.Height) / float64(page.Width)
	}
	return b.X-(a.X+a.W) > 2*height
}

func joinedWords(page *document.Page, words []int) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = page.Words[w].Text
	}
	return strings.Join(texts, " ")
}

// teach gives the step that makes a document's votes those of its record; nil where nothing changes.
func teach(v store.View, id string, now time.Time, rec *record.Record, read *document.Document) (store.Command, error) {
	old, err := readLessons(v)
	if err != nil {
		return nil, err
	}
	fresh := votes(id, now, rec, read)
	if old == nil {
		if len(fresh) == 0 {
			return nil, nil
		}
		body, err := json.Marshal(lessons{Votes: fresh})
		return store.PutTask{Task: store.Task{ID: lessonTask, Kind: lessonTask, Owner: store.Actor{ID: "system:review"}, State: store.TaskRunning, Progress: body}}, err
	}
	same := func(a, b []vote) bool {
		return slices.EqualFunc(a, b, func(a, b vote) bool { return a.Lesson == b.Lesson })
	}
	if mine := slices.DeleteFunc(slices.Clone(old.Votes), func(x vote) bool { return x.Document != id }); same(mine, fresh) {
		return nil, nil
	}
	return changeLessons(func(l *lessons) {
		l.Votes = append(slices.DeleteFunc(l.Votes, func(x vote) bool { return x.Document == id }), fresh...)
		if over := len(l.Votes) - votesMax; over > 0 {
			l.Votes = slices.Delete(l.Votes, 0, over)
		}
	}), nil
}

func changeLessons(f func(*lessons)) store.Command {
	return store.ChangeTask{ID: lessonTask, Modify: func(t *store.Task, _ store.Moment) error {
		l := &lessons{}
		if err := json.Unmarshal(t.Progress, l); err != nil {
			return fault.New(fault.Corrupt, "lessons_damaged", "what corrections have taught cannot be read")
		}
		f(l)
		body, err := json.Marshal(l)
		t.Progress = body
		return err
	}}
}

// apply uses what was learned on a machine's record. The machine's reading stays beside.
// Nothing was learned where l is nil.
func (l *lessons) apply(rec *record.Record, read *document.Document) {
	var used []Learned
	for _, x := range l.all() {
		if x.Used {
			used = append(used, x)
		}
	}
	if len(used) == 0 {
		return
	}
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		from := sender(seg)
		for _, x := range used {
			if x.Type != seg.Type || x.Sender != from {
				continue
			}
			for j := range seg.Fields {
				if seg.Fields[j].Name == x.Field {
					x.fill(&seg.Fields[j], seg, read)
				}
			}
			for _, line := range seg.Lines {
				if cell, ok := line[x.Field]; ok && x.Text != "" {
					x.fill(&cell, seg, read)
					line[x.Field] = cell
				}
			}
		}
	}
}

// fill changes one field where the lesson is about it.
func (x Learned) fill(f *record.Field, seg *record.Segment, read *document.Document) {
	was := *f
	switch {
	case f.Human != nil:
		return
	case x.Text != "" && plain(f.Raw) == x.Text && (f.Value == nil || *f.Value != x.Value):
		f.Value = &x.Value
	case x.Label != "" && f.Value == nil && f.Raw == "" && f.State == record.Missing:
		if !x.place(f, seg, read) {
			return
		}
	default:
		return
	}
	f.Machine, f.Rule, f.State = &was, "learned", record.Review
	if x.Documents >= lessonSure {
		f.State = record.Accepted
	}
	f.Reasons = append(slices.Clone(f.Reasons), fmt.Sprintf("learned from %d corrections", x.Documents))
}

// place reads what stands right of the label.
func (x Learned) place(f *record.Field, seg *record.Segment, read *document.Document) bool {
	label := strings.Fields(x.Label)
	for n := seg.Pages[0]; n <= seg.Pages[1]; n++ {
		page := read.Page(n)
		if page == nil {
			continue
		}
		for _, line := range page.Lines {
			for at := 0; at+len(label) < len(line.Words); at++ {
				if plain(joinedWords(page, line.Words[at:at+len(label)])) != x.Label {
					continue
				}
				begin := at + len(label)
				end := begin + 1
				for end < len(line.Words) && !gap(page, line.Words[end-1], line.Words[end]) {
					end++
				}
				reading := value.Parse(string(f.Kind), joinedWords(page, line.Words[begin:end]), value.Hint{})
				if !reading.OK {
					continue
				}
				f.Raw, f.Value, f.Page, f.Source, f.Confidence = joinedWords(page, line.Words[begin:end]), &reading.Value, n, string(page.Source), 1
				for _, w := range line.Words[begin:end] {
					f.Box = f.Box.Union(page.Words[w].Box)
					f.Confidence = min(f.Confidence, page.Words[w].Confidence)
				}
				for _, r := range read.Text(seg.Pages[0], seg.Pages[1]).Runs {
					if r.Page == n && slices.Contains(line.Words[begin:end], r.Word) {
						if f.End == 0 || r.Begin < f.Begin {
							f.Begin = r.Begin
						}
						f.End = max(f.End, r.End)
					}
				}
				return true
			}
		}
	}
	return false
}
