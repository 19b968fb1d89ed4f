package audit

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/fault"
)

const (
	uuid = "0190b8a2-7c3e-7abc-8def-0123456789ab"
	sha  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// samples are events as they occur, without what stands in columns of its own.
func samples() []Event {
	return []Event{
		{},
		{Via: "$everything", Patients: []string{uuid}, Steps: []Step{
			{Action: Read, Of: "Patient", Targets: []Target{{"Patient", uuid, 3}}},
			{Action: Search, Of: "Observation", Names: []string{"patient", "code", "value-quantity:missing"}, Asked: -5,
				Targets: []Target{{"Observation", "a-plain.id", 1}, {"Patient", uuid, 3}}}}},
		{Steps: []Step{{Action: Receive, Of: "document", Targets: []Target{{"document", sha, 0}}}}},
		{Steps: []Step{{Action: Refuse, Of: "/fhir"}}},
		{Patients: []string{strings.ToUpper(uuid), "x" + sha[1:]}, Steps: []Step{{Action: History, Names: []string{"_since"}, Asked: 1 << 62}}},
	}
}

func TestPack(t *testing.T) {
	t.Parallel()
	for i, e := range samples() {
		packed := Pack(&e)
		var got Event
		if err := Unpack(packed, &got); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if d := cmp.Diff(e, got); d != "" {
			t.Errorf("%d: %s", i, d)
		}
		for n := range packed {
			if Unpack(packed[:n], &got) == nil {
				t.Errorf("%d: read although cut after %d of %d bytes", i, n, len(packed))
			}
		}
		if Unpack(append(packed, 0), &got) == nil {
			t.Errorf("%d: read with a byte behind its end", i)
		}
	}
	// A read of one resource is what most rows are.
	e := Event{Patients: []string{uuid}, Steps: []Step{{Action: Read, Of: "Patient", Targets: []Target{{"Patient", uuid, 1}}}}}
	if n := len(Pack(&e)); n > 30 {
		t.Errorf("a read takes %d bytes", n)
	}
}

// trail makes n rows.
func trail(key []byte, n int) []Row {
	c := NewChain(key)
	rows := make([]Row, n)
	var before []byte
	for i := range rows {
		e := samples()[i%len(samples())]
		rows[i] = Row{Seq: int64(i + 1), At: int64(1000 * i), Actor: "user:anna", Request: "r", Outcome: "0", Key: 1, Steps: Pack(&e)}
		rows[i].Hash = c.Link(before, &rows[i])
		before = rows[i].Hash
	}
	return rows
}

func verify(key []byte, rows []Row, written int64, marks ...Mark) *Report {
	v := NewVerifier(key, marks)
	for i := range rows {
		v.Row(&rows[i])
	}
	return v.End(written)
}

// Every kind of damage to a trail is found, at the first row that it touches.
func TestChain(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{1}, 32)
	mark := func(seq int) Mark { return Mark{Seq: int64(seq), Head: trail(key, 20)[seq-1].Hash} }
	forged := func(rows []Row, from int) []Row { // by somebody who has the key
		c := NewChain(key)
		for i := from; i < len(rows); i++ {
			rows[i].Hash = c.Link(rows[i-1].Hash, &rows[i])
		}
		return rows
	}
	for name, test := range map[string]struct {
		damage  func(rows []Row) []Row
		written int64
		marks   []Mark
		want    []Break
	}{
		"whole":           {func(r []Row) []Row { return r }, 20, []Mark{mark(7), mark(20)}, nil},
		"time":            {func(r []Row) []Row { r[4].At++; return r }, 20, nil, []Break{{5, Changed}}},
		"actor":           {func(r []Row) []Row { r[4].Actor = "user:bob"; return r }, 20, nil, []Break{{5, Changed}}},
		"request":         {func(r []Row) []Row { r[4].Request = ""; return r }, 20, nil, []Break{{5, Changed}}},
		"between columns": {func(r []Row) []Row { r[4].Actor, r[4].Request = "user:annar", ""; return r }, 20, nil, []Break{{5, Changed}}},
		"outcome":         {func(r []Row) []Row { r[4].Outcome = "4"; return r }, 20, nil, []Break{{5, Changed}}},
		"code":            {func(r []Row) []Row { r[4].Code = "x"; return r }, 20, nil, []Break{{5, Changed}}},
		"steps":           {func(r []Row) []Row { r[4].Steps = append([]byte{}, r[5].Steps...); return r }, 20, nil, []Break{{5, Changed}}},
		"dictionary":      {func(r []Row) []Row { r[4].Dict = 1; return r }, 20, nil, []Break{{5, Changed}}},
		"key":             {func(r []Row) []Row { r[4].Key = 2; return r }, 20, nil, []Break{{5, Changed}}},
		"link":            {func(r []Row) []Row { r[4].Hash = make([]byte, LinkSize); return r }, 20, nil, []Break{{5, Changed}, {6, Changed}}},
		"no link":         {func(r []Row) []Row { r[4].Hash = nil; return r }, 20, nil, []Break{{5, Changed}, {6, Changed}}},
		"removed":         {func(r []Row) []Row { return append(r[:4], r[5:]...) }, 20, nil, []Break{{5, Missing}}},
		"first removed":   {func(r []Row) []Row { return r[1:] }, 20, nil, []Break{{1, Missing}}},
		"removed, numbers closed": {func(r []Row) []Row {
			r = append(r[:4], r[5:]...)
			for i := 4; i < len(r); i++ {
				r[i].Seq--
			}
			return r
		}, 19, nil, append([]Break{{5, Changed}}, changed(6, 19)...)},
		"inserted": {func(r []Row) []Row {
			extra := r[4]
			for i := 4; i < len(r); i++ {
				r[i].Seq++
			}
			return append(r[:4:4], append([]Row{extra}, r[4:]...)...)
		}, 21, nil, changed(6, 21)},
		"appended":            {func(r []Row) []Row { return append(r, Row{Seq: 21, Actor: "x", Hash: make([]byte, 16)}) }, 21, nil, []Break{{21, Changed}}},
		"appended, uncounted": {func(r []Row) []Row { return append(r, Row{Seq: 21, Actor: "x", Hash: make([]byte, 16)}) }, 20, nil, []Break{{21, Changed}, {21, Changed}}},
		"before the first":    {func(r []Row) []Row { return append([]Row{{Seq: 0}}, r...) }, 20, nil, []Break{{0, Changed}}},
		"reordered": {func(r []Row) []Row {
			r[4], r[5] = r[5], r[4]
			r[4].Seq, r[5].Seq = 5, 6
			return r
		}, 20, nil, []Break{{5, Changed}, {6, Changed}, {7, Changed}}},
		"truncated":                   {func(r []Row) []Row { return r[:18] }, 20, nil, []Break{{19, Truncated}}},
		"truncated with its count":    {func(r []Row) []Row { return r[:18] }, 18, []Mark{mark(20)}, []Break{{19, Truncated}}},
		"truncated to nothing":        {func(r []Row) []Row { return nil }, 0, []Mark{mark(7)}, []Break{{1, Truncated}}},
		"written anew with the key":   {func(r []Row) []Row { r[4].Actor = "user:bob"; return forged(r, 4) }, 20, []Mark{mark(3), mark(7)}, []Break{{7, Rewritten}}},
		"truncated behind every mark": {func(r []Row) []Row { return r[:18] }, 18, []Mark{mark(18)}, nil}, // what cannot be seen
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := verify(key, test.damage(trail(key, 20)), test.written, test.marks...)
			if d := cmp.Diff(test.want, got.Breaks); d != "" {
				t.Error(d)
			}
			if (got.Broken == 0) != (test.want == nil) {
				t.Errorf("%d breaks", got.Broken)
			}
		})
	}
	if got := verify([]byte("another key than that one, really"), trail(key, 3), 3); got.Broken != 3 {
		t.Errorf("with another key %d of 3 rows are broken", got.Broken)
	}
}

func changed(from, to int64) (list []Break) {
	for ; from <= to; from++ {
		list = append(list, Break{from, Changed})
	}
	return list
}

func TestMarks(t *testing.T) {
	t.Parallel()
	s := NewSigner(bytes.Repeat([]byte{7}, 32), []byte{0xab})
	m := Mark{Seq: 12, Head: []byte("0123456789abcdef"), At: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)}
	note := s.Sign(m)
	other := NewSigner(bytes.Repeat([]byte{8}, 32), []byte{0xab}).Sign(m)
	elsewhere := NewSigner(bytes.Repeat([]byte{7}, 32), []byte{0xac}).Sign(m)
	changed := strings.Replace(note, "\n12\n", "\n11\n", 1)
	marks, foreign, err := s.Marks([]byte(note + "\n" + other + "\n" + changed + "\n" + elsewhere + "\n" + note + "\n" + note[:len(note)-9]))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Mark{m, m}, marks); d != "" {
		t.Error(d)
	}
	if foreign != 3 {
		t.Errorf("%d foreign marks, want 3", foreign)
	}
	if _, _, err := s.Marks(make([]byte, marksMax+1)); fault.As(err) == nil {
		t.Error("a file of marks without end was read")
	}
	if v := s.Verifier(); !strings.HasPrefix(v, "chartlake.dev/audit/ab+") {
		t.Error(v)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	no := fault.New(fault.NotFound, "not_found", "no")
	for name, test := range map[string]struct {
		do      func(ctx context.Context, r *Request)
		outcome Outcome
		want    *Event
	}{
		"read":                   {func(_ context.Context, r *Request) { r.Written(&Event{Outcome: Success}) }, Success, nil},
		"page without data":      {func(context.Context, *Request) {}, Success, nil},
		"operation of the mind":  {func(ctx context.Context, r *Request) { r.Acts("user:anna"); Within(ctx, "$validate") }, Success, &Event{Actor: "user:anna", RequestID: "r1", Via: "$validate", Outcome: Success, Steps: []Step{{Action: Operate, Of: "Patient"}}}},
		"operation of the store": {func(ctx context.Context, r *Request) { Within(ctx, "$lastn"); r.Written(&Event{Outcome: Success}) }, Success, nil},
		"not let in":             {func(context.Context, *Request) {}, Minor, &Event{RequestID: "r1", Outcome: Minor, Code: "unauthorized", Steps: []Step{{Action: Refuse, Of: "Patient"}}}},
		"refused by a handler":   {func(_ context.Context, r *Request) { r.Fails(no) }, Minor, &Event{RequestID: "r1", Outcome: Minor, Code: "not_found", Steps: []Step{{Action: Refuse, Of: "Patient"}}}},
		"refused by the store":   {func(_ context.Context, r *Request) { r.Fails(no); r.Written(&Event{Outcome: Minor}) }, Minor, nil},
		"read, then refused":     {func(_ context.Context, r *Request) { r.Written(&Event{Outcome: Success}); r.Fails(no) }, Minor, &Event{RequestID: "r1", Outcome: Minor, Code: "not_found", Steps: []Step{{Action: Refuse, Of: "Patient"}}}},
	} {
		ctx, r := Begin(context.Background(), "r1")
		test.do(ctx, Of(ctx))
		if d := cmp.Diff(test.want, r.Due(test.outcome, "unauthorized", "Patient")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	outer, r := Begin(context.Background(), "r1")
	r.Acts("user:anna")
	inner, _ := Begin(outer, "")
	if e := Of(inner).Due(Minor, "x", ""); e.Actor != "user:anna" || e.RequestID != "r1" {
		t.Errorf("%+v", e)
	}
	var none *Request
	none.Acts("x")
	none.Fails(no)
	none.Written(&Event{})
	if none.Due(Minor, "x", "") != nil {
		t.Error("an event of no request")
	}
	if Via(Within(outer, "$lastn")) != "$lastn" || Via(outer) != "" {
		t.Error("the operation is not in its context")
	}
}

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want Outcome
		code string
	}{
		{nil, Success, ""}, {fault.New(fault.Forbidden, "forbidden", "no"), Minor, "forbidden"},
		{fault.New(fault.Full, "disk_full", "no"), Serious, "disk_full"}, {errors.New("x"), Serious, "internal"},
	} {
		if got, code := OutcomeOf(test.err); got != test.want || code != test.code {
			t.Errorf("%v: %s %s", test.err, got, code)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key := make([]byte, 32)
	rows := trail(key, 1000)
	for b.Loop() {
		if verify(key, rows, 1000).Broken > 0 {
			b.Fatal("broken")
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
}
