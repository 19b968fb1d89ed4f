package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
)

// ledger is what the clients know: it lives in the lab's memory, not on the disk that is cut.
type ledger struct {
	mu      sync.Mutex
	acked   map[string]int    // document → acknowledgements
	keys    map[string]string // Idempotency-Key → document, acknowledged
	pending []sent            // without an answer: sent again in the next life
	refused int
	cut     int
	wrong   []string
	resent  int
	serial  int
}

// sent is an upload as the client made it.
type sent struct {
	body []byte
	name string
	key  string
}

func newLedger() *ledger { return &ledger{acked: map[string]int{}, keys: map[string]string{}} }

func (l *ledger) sums() (acked, documents, refused, cut int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.acked {
		acked += n
	}
	return acked, len(l.acked), l.refused, l.cut
}

// ids lists the acknowledged documents.
func (l *ledger) ids() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for id := range l.acked {
		out = append(out, id)
	}
	return out
}

// note writes down the answer to an upload.
func (l *ledger) note(u sent, status int, r receipt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := sha256.Sum256(u.body)
	want := hex.EncodeToString(sum[:])
	switch {
	case status == 0:
		l.cut++
		if len(l.pending) < 64 {
			l.pending = append(l.pending, u)
		}
	case status != 202:
		l.refused++
	case r.ID != want || r.SHA256 != want:
		l.wrong = append(l.wrong, fmt.Sprintf("an upload of %s was acknowledged as %s", want, r.ID))
	default:
		l.acked[want]++
		if u.key != "" {
			if was, ok := l.keys[u.key]; ok && was != want {
				l.wrong = append(l.wrong, "one Idempotency-Key names two documents")
			}
			l.keys[u.key] = want
		}
	}
}

// next gives an upload: one that got no answer before, or a new document.
func (l *ledger) next(rng *rand.Rand) sent {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.pending); n > 0 && rng.IntN(2) == 0 {
		u := l.pending[n-1]
		l.pending = l.pending[:n-1]
		l.resent++
		return u
	}
	l.serial++
	u := sent{body: labReport(rng, l.serial), name: fmt.Sprintf("scan-%d.pdf", l.serial)}
	if rng.IntN(2) == 0 {
		u.key = fmt.Sprintf("key-%d", l.serial)
	}
	return u
}

// upload lets clients upload until the server does not answer any more. wait waits for them;
// first is closed at the first acknowledgement.
func upload(s *server, log *ledger, clients int, seed uint64) (wait func(), first <-chan struct{}) {
	acked := make(chan struct{})
	var once sync.Once
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for {
				u := log.next(rng)
				status, r := s.post(ctx, u.body, u.name, u.key)
				log.note(u, status, r)
				if status == 0 {
					return
				}
				if status == 202 {
					once.Do(func() { close(acked) })
				}
				if rng.IntN(8) == 0 { // the same again, by the same or no key
					status, r = s.post(ctx, u.body, u.name, u.key)
					log.note(u, status, r)
					if status == 0 {
						return
					}
				}
			}
		})
	}
	wait = func() {
		cancel()
		wg.Wait()
	}
	return wait, acked
}

// labReport is a small born-digital PDF of a fictional laboratory report, every one another.
func labReport(rng *rand.Rand, serial int) []byte {
	return labReportOf(rng, fmt.Sprintf("Lakewell, Person%d", serial), fmt.Sprintf("%02d/%02d/19%02d", 1+serial%12, 1+serial%28, 30+serial%60),
		fmt.Sprintf("%08d", serial))
}

// labReportOf is one about a person, with results of its own.
func labReportOf(rng *rand.Rand, name, born, number string) []byte {
	pages := 1 + rng.IntN(3)
	var streams []string
	for p := range pages {
		var b bytes.Buffer
		line := 760
		say := func(x int, text string) {
			fmt.Fprintf(&b, "BT /F1 11 Tf 1 0 0 1 %d %d Tm (%s) Tj ET\n", x, line, text)
		}
		say(72, "LABORATORY REPORT")
		for _, row := range [][2]string{
			{"Patient:", name}, {"Date of birth:", born}, {"MRN:", number}, {"Page:", fmt.Sprintf("%d of %d", p+1, pages)}} {
			line -= 18
			say(72, row[0])
			say(180, row[1])
		}
		line -= 30
		for _, test := range []string{"Glucose", "Sodium", "Potassium", "Creatinine"} {
			say(72, test)
			say(220, fmt.Sprintf("%d.%d", 1+rng.IntN(150), rng.IntN(10)))
			line -= 16
		}
		streams = append(streams, b.String())
	}
	return writePDF(streams, rng)
}

// writePDF writes pages of content streams, with a comment of random length so that sizes vary.
func writePDF(streams []string, rng *rand.Rand) []byte {
	var out bytes.Buffer
	var offsets []int
	object := func(body string) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(offsets), body)
	}
	out.WriteString("%PDF-1.4\n")
	padding := make([]byte, rng.IntN(60_000))
	for i := range padding {
		padding[i] = 'a' + byte(rng.IntN(26))
	}
	fmt.Fprintf(&out, "%%%s\n", padding)
	object("<< /Type /Catalog /Pages 2 0 R >>")
	kids := ""
	for i := range streams {
		kids += fmt.Sprintf("%d 0 R ", 4+2*i)
	}
	object(fmt.Sprintf("<< /Type /Pages /Kids [ %s] /Count %d >>", kids, len(streams)))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	for i, s := range streams {
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", 5+2*i))
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(s), s))
	}
	at := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, at)
	return out.Bytes()
}
