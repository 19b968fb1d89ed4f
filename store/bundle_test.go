package store

import (
	"reflect"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
)

func parseBundle(t testing.TB, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCommandsKeepTheOrderOfEntries(t *testing.T) {
	t.Parallel()
	commands, at, err := Commands(parseBundle(t, `{"resourceType":"Bundle","type":"transaction","entry":[
		{"request":{"method":"GET","url":"Patient/1"}},
		{"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"?identifier=1"}},
		{"request":{"method":"DELETE","url":"/Patient/2","ifMatch":"W/\"3\""}},
		{"resource":{"resourceType":"Patient","id":"4"},"request":{"method":"PUT","url":"http://here/fhir/Patient/4"}},
		{"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient?identifier=5"}}]}`), search.Options{Base: "http://here/fhir"})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(at, []int{1, 2, 3, 4}) {
		t.Errorf("entries %v", at)
	}
	if c, ok := commands[0].(Create); !ok || c.FullURL != "urn:uuid:a" || c.IfNoneExist == nil {
		t.Errorf("%#v", commands[0])
	}
	if c, ok := commands[1].(Delete); !ok || c.Key != (Key{"Patient", "2"}) || c.IfMatch != 3 {
		t.Errorf("%#v", commands[1])
	}
	if c, ok := commands[2].(Update); !ok || c.Resource.ID() != "4" || c.Where != nil {
		t.Errorf("%#v", commands[2])
	}
	if c, ok := commands[3].(Update); !ok || c.Where == nil {
		t.Errorf("%#v", commands[3])
	}
}

func TestParseETag(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, `W/"3"`: 3, `"12"`: 12, `W/3`: -1, `W/"0"`: -1, `W/"-1"`: -1, `W/"a"`: -1, `"`: -1, `*`: -1} {
		got, err := ParseETag(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%s is %d, want %d", text, got, want)
		}
	}
}

func FuzzCommands(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient?identifier=5|6"}}]}`))
	f.Add([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"%2F/?"}},null,[]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := fhir.Parse(data)
		if err != nil {
			return
		}
		commands, at, err := Commands(n, search.Options{Base: "http://here/fhir"})
		if err != nil && fault.As(err) == nil {
			t.Fatalf("the error is no fault: %v", err)
		}
		if len(commands) != len(at) {
			t.Fatal("a command without an entry")
		}
	})
}
