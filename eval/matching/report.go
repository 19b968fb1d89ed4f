package matching

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"chartlake/eval"
	"chartlake/identity"
)

// Tally is what was decided about some documents. A document about a registered person is right
// when it is matched to that person; one about a stranger when a new patient is made.
type Tally struct {
	Documents  int            `json:"documents"`
	Right      int            `json:"right"`       // filed without a person, under the right patient
	FalseMatch int            `json:"false_match"` // filed under somebody else
	Doubled    int            `json:"doubled"`     // a second patient made for a registered person
	Asked      map[string]int `json:"asked"`       // questions by code
}

// Report is the outcome of a run.
type Report struct {
	Registered int               `json:"registered"`
	Strangers  int               `json:"strangers"` // people who are not registered and whose documents arrive too
	Known      Tally             `json:"known"`     // about the registered
	Unknown    Tally             `json:"unknown"`   // about strangers; right: a new patient
	Kinds      map[string]*Tally `json:"kinds"`     // of the registered, by kind of document
	Marred     map[string]*Tally `json:"marred"`    // of the registered, by what was done to it; "" is nothing

	everybody []*person
}

func newReport(everybody []*person) *Report {
	r := &Report{everybody: everybody, Kinds: map[string]*Tally{}, Marred: map[string]*Tally{}}
	for _, who := range everybody {
		if who.registered {
			r.Registered++
		} else {
			r.Strangers++
		}
	}
	return r
}

func (r *Report) count(a *arrival, d identity.Decision) {
	if !a.about.registered {
		r.Unknown.count(a.about, d)
		return
	}
	r.Known.count(a.about, d)
	named(r.Kinds, a.kind).count(a.about, d)
	if len(a.marred) == 0 {
		named(r.Marred, "").count(a.about, d)
	}
	for _, m := range a.marred {
		named(r.Marred, m).count(a.about, d)
	}
}

func named(of map[string]*Tally, name string) *Tally {
	if of[name] == nil {
		of[name] = &Tally{}
	}
	return of[name]
}

func (t *Tally) count(who *person, d identity.Decision) {
	t.Documents++
	switch d.Kind {
	case identity.Match:
		if who.registered && d.Patient == who.id() {
			t.Right++
		} else {
			t.FalseMatch++
		}
	case identity.New:
		if who.registered {
			t.Doubled++
		} else {
			t.Right++
		}
	default:
		if t.Asked == nil {
			t.Asked = map[string]int{}
		}
		t.Asked[d.Code]++
	}
}

// Table prints the report for people.
func (r *Report) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d registered, %d strangers\n", r.Registered, r.Strangers)
	all := r.Known.Documents + r.Unknown.Documents
	wrong := r.Known.FalseMatch + r.Unknown.FalseMatch
	_, most := eval.Exact(wrong, all)
	fmt.Fprintf(&b, "false match       %7.4f %%  (at most %.4f %%)  %d of %d documents\n", percent(wrong, all), 100*most, wrong, all)
	low, _ := eval.Wilson(r.Known.Right, r.Known.Documents)
	fmt.Fprintf(&b, "matched           %7.2f %%  (at least %.2f %%)  %d of %d about the registered\n", percent(r.Known.Right, r.Known.Documents), 100*low, r.Known.Right, r.Known.Documents)
	fmt.Fprintf(&b, "second patient    %7.4f %%  %d of %d about the registered\n", percent(r.Known.Doubled, r.Known.Documents), r.Known.Doubled, r.Known.Documents)
	fmt.Fprintf(&b, "new patient       %7.2f %%  %d of %d about strangers\n", percent(r.Unknown.Right, r.Unknown.Documents), r.Unknown.Right, r.Unknown.Documents)
	fmt.Fprintf(&b, "\n%-26s %9s %9s %9s %9s  %s\n", "about the registered", "documents", "matched", "false", "doubled", "asked")
	row := func(name string, t *Tally) {
		fmt.Fprintf(&b, "%-26s %9d %8.2f%% %9d %9d  %s\n", name, t.Documents, percent(t.Right, t.Documents), t.FalseMatch, t.Doubled, asked(t))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Kinds)) {
		row(name, r.Kinds[name])
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(r.Marred)) {
		row(map[bool]string{true: "nothing amiss"}[name == ""]+name, r.Marred[name])
	}
	row("\nstrangers", &r.Unknown)
	return b.String()
}

func asked(t *Tally) string {
	var out []string
	for _, code := range slices.Sorted(maps.Keys(t.Asked)) {
		out = append(out, fmt.Sprintf("%s %d", strings.TrimPrefix(code, "identity_"), t.Asked[code]))
	}
	return strings.Join(out, ", ")
}

func percent(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}
