package sig

import (
	"os"
	"strings"
	"testing"
)

// TestWritten reads instructions that were written with their structure before they were held
// against the grammar; of the half that is apart only the number is looked at.
func TestWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file  string
		apart bool
		exact float64
	}{{"written.txt", false, 0.95}, {"written-apart.txt", true, 0.88}} {
		data, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		n, right := 0, 0
		for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			text, want, _ := strings.Cut(line, " => ")
			var got []string
			for _, d := range Parse(text) {
				got = append(got, short(d))
			}
			n++
			if s := strings.Join(got, " | "); s == want {
				right++
			} else if !c.apart {
				t.Logf("%s:\n got  %s\n want %s", text, s, want)
			}
		}
		t.Logf("%s: %d of %d exact", c.file, right, n)
		if float64(right) < c.exact*float64(n) {
			t.Errorf("%s: %d of %d exact", c.file, right, n)
		}
	}
}
