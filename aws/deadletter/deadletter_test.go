package deadletter

import (
	"strings"
	"testing"

	"chartlake/aws/awstest"
	"chartlake/fault"
)

// TestPut: a message is in the queue as it came, through whatever illness, and a code that is none
// of ours, which may hold anything, is not told.
func TestPut(t *testing.T) {
	t.Parallel()
	for name, ill := range awstest.All {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := &awstest.SQS{}
			config := awstest.Config(t, awstest.New(t, queue, awstest.JSON, awstest.First(2, ill)).URL)
			if ill == awstest.Stall {
				config = awstest.Hasty(t, awstest.New(t, queue, awstest.JSON, awstest.First(1, ill)).URL)
			}
			if err := New(config, "http://queue/1/dead").Put(t.Context(), "<message>", "unsupported_type", "ab12"); err != nil {
				t.Fatal(err)
			}
			got := queue.Messages()
			if len(got) == 0 || got[0].Body != "<message>" || got[0].Attributes["code"] != "unsupported_type" || got[0].Attributes["document"] != "ab12" {
				t.Errorf("set aside: %+v", got)
			}
		})
	}
	queue := &awstest.SQS{}
	q := New(awstest.Config(t, awstest.New(t, queue, awstest.JSON, nil).URL), "http://queue/1/dead")
	if err := q.Put(t.Context(), "m", "Patient Canary", "not a hash"); err != nil {
		t.Fatal(err)
	}
	if a := queue.Messages()[0].Attributes; a["code"] != "internal" || len(a) != 1 {
		t.Errorf("attributes %v", a)
	}
	if err := q.Put(t.Context(), strings.Repeat("x", 256<<10), "c", ""); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a message that is too large: %v", err)
	}
	down := New(awstest.Config(t, awstest.New(t, queue, awstest.JSON, awstest.Every(1, awstest.Busy)).URL), "http://queue/1/dead")
	if err := down.Put(t.Context(), "m", "c", ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a queue that is down: %v", err)
	}
}
