package console

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// BenchmarkBoard asks what the board asks of documents, over many.
func BenchmarkBoard(b *testing.B) {
	s := newStand(b)
	many(b, s)
	for name, query := range map[string]string{
		"documents":  "with papers as (select d.document_id as id, d.received, d.state, coalesce(s.type, 'unread') as type from documents d left join segments s on s.document_id = d.document_id) select substr(received, 1, 10), type, state, count(distinct id) from papers group by 1, 2, 3",
		"turnaround": "select substr(received, 1, 10), count(*), avg(turnaround) from documents group by 1",
	} {
		b.Run(name, func(b *testing.B) {
			began := cpu()
			for b.Loop() {
				body, _ := json.Marshal(map[string]any{"query": query})
				resp, err := http.Post(s.URL+"/sql", "application/json", bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 200 {
					b.Fatal(resp.Status)
				}
			}
			b.ReportMetric(float64((cpu()-began).Microseconds())/float64(b.N)/manyDocuments, "cpu-us/document")
		})
	}
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
