package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/queue"
	"chartlake/store"
)

// CrashSteps is how many transactions a child of Crash makes.
const CrashSteps = 5

// CrashStep is one transaction of the crash tests: a document, its job, two linked resources,
// and a resource that gets a further version each time.
func CrashStep(i int) (id string, commands []store.Command) {
	id = fmt.Sprintf("%064x", i+1)
	return id, []store.Command{
		store.Receive{Document: store.Document{ID: id, SHA256: id}, Arrival: store.Arrival{Source: "http"}, Key: id},
		store.Enqueue{Job: queue.Job{Kind: "document", Subject: id}},
		store.Create{FullURL: "urn:uuid:p", Resource: must(`{"resourceType":"Patient","identifier":[{"value":"%s"}],"name":[{"family":"A%d"}]}`, id, i)},
		store.Create{Resource: must(`{"resourceType":"Observation","status":"final","identifier":[{"value":"%s"}],"subject":{"reference":"urn:uuid:p"},"effectiveDateTime":"2020-01-01"}`, id)},
		store.Update{Resource: must(`{"resourceType":"Basic","id":"counter","code":{"text":"%d"}}`, i)},
	}
}

func must(format string, args ...any) *fhir.Node {
	n, err := fhir.Parse(fmt.Appendf(nil, format, args...))
	if err != nil {
		panic(err)
	}
	return n
}

// CrashChild makes the steps and says which are acknowledged; what it returns is the exit code.
func CrashChild(s store.Store) int {
	for i := range CrashSteps {
		_, commands := CrashStep(i)
		if _, err := s.Transact(context.Background(), anna, commands); err != nil {
			return 5
		}
		// A read that was answered is in the trail, too, and once.
		err := s.View(context.Background(), store.Actor{ID: "user:who-reads", RequestID: fmt.Sprint(i)}, func(v store.View) error {
			_, err := v.Read(store.Key{Type: "Basic", ID: "counter"})
			return err
		})
		if err != nil {
			return 6
		}
		fmt.Println(i)
	}
	s.Close()
	return 0
}

// Crash runs children that are killed at their k-th point, for every k (without CHARTLAKE_LAB
// for one in every), until one is not. child gives the value of the variable that makes this
// test binary a child, and what is to be verified after its end.
func Crash(t *testing.T, every int, variable string, child func(k int) (value string, verify func(acked int))) {
	if os.Getenv("CHARTLAKE_LAB") != "" {
		every = 1
	}
	points := 0
	for k := 1; ; k += every {
		value, verify := child(k)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), variable+"="+value)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			acked++
		}
		io.Copy(io.Discard, out)
		if err = cmd.Wait(); err == nil {
			if acked != CrashSteps {
				t.Errorf("a child that was not killed wrote %d", acked)
			}
			break
		}
		if !strings.Contains(err.Error(), "killed") {
			t.Fatalf("point %d: child %v", k, err)
		}
		points++
		verify(acked)
	}
	t.Logf("%d points", points)
	if points < 10 {
		t.Errorf("only %d points", points)
	}
}

// AfterCrash checks that the first acked steps are there, and each later one whole or not at
// all. count answers SELECT count(*) and the like.
func AfterCrash(t *testing.T, s store.Store, acked int, count func(sql string) (int64, error)) {
	t.Helper()
	ctx := context.Background()
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
	if r, err := s.Trail().Verify(ctx, nil); err != nil || r.Broken > 0 {
		t.Errorf("the audit trail is broken: %+v (%v)", r, err)
	}
	depth, err := s.Jobs().Depth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	there := 0
	view(t, s, store.Actor{ID: "user:who-looks-after"}, func(v store.View) error {
		for i := range CrashSteps {
			id, _ := CrashStep(i)
			_, err := v.Document(id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			if err == nil {
				there++
			} else if i < acked {
				t.Errorf("step %d was acknowledged and is lost: %v", i, err)
			}
		}
		return nil
	})
	for _, q := range []string{
		`SELECT count(*) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Patient'`,
		`SELECT count(*) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Observation'`,
		`SELECT coalesce(max(version),0) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Basic'`,
		`SELECT count(DISTINCT a.seq) FROM audit a JOIN audit_about x ON x.seq=a.seq WHERE a.outcome='0' AND a.actor NOT LIKE 'user:who-%'`,
		`SELECT count(*) FROM idempotency`,
	} {
		if n, err := count(q); err != nil || n != int64(there) {
			t.Errorf("%d steps are there, %s gives %d (%v)", there, q, n, err)
		}
	}
	reads, err := count(`SELECT count(*) FROM audit WHERE actor='user:who-reads'`)
	once, err2 := count(`SELECT count(DISTINCT request) FROM audit WHERE actor='user:who-reads'`)
	if err != nil || err2 != nil || reads != once || reads < int64(acked) || reads > int64(acked)+1 {
		t.Errorf("%d reads were answered, %d are in the trail, %d of them once", acked, reads, once)
	}
	if depth["document"].Waiting != there {
		t.Errorf("%d documents, %d jobs", there, depth["document"].Waiting)
	}
	if there > acked+1 {
		t.Errorf("%d acknowledged, %d there", acked, there)
	}
}
