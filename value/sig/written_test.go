package sig

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"
)

// TestWritten reads instructions that were written with their structure before they were held
// against the grammar; of the halves that are apart only the number is looked at.
func TestWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file  string
		apart bool
		exact float64
	}{{"written.txt", false, 0.95}, {"written-apart.txt", true, 0.88}, {"harder.txt", false, 0.95}, {"harder-apart.txt", true, 0.84}} {
		var of exactness
		for _, line := range lines(t, c.file) {
			text, want, _ := strings.Cut(line, " => ")
			of.add(t, text, want, c.apart)
		}
		of.report(t, c.file, c.exact)
	}
}

// TestReadByHand reads published instructions whose structure was written down by hand, from their
// words alone. Each row names the line of the file and the begin of its SHA-256: the words are not ours.
func TestReadByHand(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(sharedtest.Path(t, "clinical/sig/sigs-unlabelled.txt"))
	if err != nil {
		t.Fatal(err)
	}
	texts := strings.Split(string(data), "\n")
	for _, c := range []struct {
		file  string
		apart bool
		exact float64
	}{{"published.txt", false, 0.95}, {"published-apart.txt", true, 0.94}} {
		var of exactness
		for _, line := range lines(t, c.file) {
			key, want, _ := strings.Cut(line, " => ")
			n, sum, _ := strings.Cut(key, " ")
			i, err := strconv.Atoi(n)
			if err != nil || i < 1 || i > len(texts) {
				t.Fatalf("%s: line %q", c.file, n)
			}
			text := texts[i-1]
			if h := sha256.Sum256([]byte(text)); !strings.HasPrefix(hex.EncodeToString(h[:]), sum) {
				t.Fatalf("%s: line %d is another", c.file, i)
			}
			of.add(t, text, want, c.apart)
		}
		of.report(t, c.file, c.exact)
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// exactness counts instructions whose structure is as written.
type exactness struct{ right, of int }

func (e *exactness) add(t *testing.T, text, want string, apart bool) {
	t.Helper()
	var got []string
	for _, d := range Parse(text) {
		got = append(got, short(d))
	}
	e.of++
	if s := strings.Join(got, " | "); s == want {
		e.right++
	} else if !apart {
		t.Logf("%s:\n got  %s\n want %s", text, s, want)
	}
}

func (e *exactness) report(t *testing.T, file string, bar float64) {
	t.Helper()
	t.Logf("%s: %d of %d exact", file, e.right, e.of)
	if float64(e.right) < bar*float64(e.of) {
		t.Errorf("%s: %d of %d exact", file, e.right, e.of)
	}
}
