package eval

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"chartlake/fault"
)

// fakeServer answers like the product's door: it takes documents and settles each at the second question.
func fakeServer(t *testing.T, end string) *served {
	t.Helper()
	var mu sync.Mutex
	asked := map[string]int{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /documents", func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		if len(data) == 0 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]string{"id": string(data), "state": "received"})
	})
	mux.HandleFunc("GET /documents/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		id := r.PathValue("id")
		asked[id]++
		state := "reading"
		if asked[id] > 1 {
			state = end
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "state": state})
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return &served{base: srv.URL}
}

func TestIngestWaitsUntilSettled(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]int{"filed": 0, "needs_review": 0, "failed": 2} {
		failed, err := fakeServer(t, end).ingest(context.Background(), [][]byte{[]byte("a"), []byte("b")})
		if err != nil || failed != want {
			t.Errorf("%s: %d failed, %v", end, failed, err)
		}
	}
	if _, err := fakeServer(t, "filed").ingest(context.Background(), [][]byte{{}}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a refused document: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := fakeServer(t, "reading").ingest(ctx, [][]byte{[]byte("a")}); err == nil {
		t.Error("a document that never settles is waited for forever")
	}
}

func TestTreeCountsChildren(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc here")
	}
	cmd := exec.Command("sh", "-c", "read line")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := tree(cmd.Process.Pid); err != nil {
		t.Errorf("the child is not seen: %v", err)
	}
	if parents, _ := processes(); !below(cmd.Process.Pid, os.Getpid(), parents) || below(os.Getpid(), cmd.Process.Pid, parents) {
		t.Error("the child is not below its parent")
	}
	all, err := tree(os.Getpid())
	if err != nil || all.memory == 0 {
		t.Errorf("this process with its child: %+v %v", all, err)
	}
	stop := peak(os.Getpid(), time.Hour)
	if most := stop(); most == 0 {
		t.Error("no memory was seen")
	}
	in.Close()
	_ = cmd.Wait()
	if _, err := tree(cmd.Process.Pid); err == nil {
		t.Error("a process that has ended is there")
	}
}

func TestCompareIsOverAllRounds(t *testing.T) {
	t.Parallel()
	r := &IngestReport{Loads: []LoadRun{
		{Load: "a", Program: "chartlake", Round: 1, CPU: 1}, {Load: "a", Program: "tesseract", Round: 1, CPU: 2},
		{Load: "a", Program: "chartlake", Round: 2, CPU: 3}, {Load: "a", Program: "tesseract", Round: 2, CPU: 2},
		{Load: "b", Program: "chartlake", Round: 1, CPU: 1},
	}}
	r.compare()
	if len(r.Ratios) != 1 || r.Ratios[0] != (PeerRate{Load: "a", Peer: "tesseract", CPU: 1, Low: 0.5, High: 1.5}) {
		t.Errorf("ratios: %+v", r.Ratios)
	}
	if table := r.Table(); !strings.Contains(table, "chartlake needs 1.00 times the CPU of tesseract (0.50 to 1.50)") {
		t.Errorf("the table lacks the ratio:\n%s", table)
	}
}

func TestAProgramThatIsNoServer(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"/does/not/exist", "true"} {
		if _, err := BenchIngest(context.Background(), IngestOptions{Program: program}); fault.As(err) == nil {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestPeersThatAreNotInstalledAreLeftOut(t *testing.T) {
	t.Parallel()
	absent := peer{"absent", func(load) [][]string { return [][]string{{"no-such-program-here"}} }}
	if _, ok, err := absent.run(context.Background(), load{pages: 1}); ok || err != nil {
		t.Errorf("ok %v, %v", ok, err)
	}
	yes := peer{"true", func(load) [][]string { return [][]string{{"true"}} }}
	if run, ok, err := yes.run(context.Background(), load{name: "l", pages: 1}); !ok || err != nil || run.PeakMB <= 0 {
		t.Errorf("run %+v, %v", run, err)
	}
}
