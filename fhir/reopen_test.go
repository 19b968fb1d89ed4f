package fhir

import (
	"bytes"
	"reflect"
	"sync"
	"testing"

	"chartlake/internal/sharedtest"
)

// reopened holds what Reopen makes of the stored form of a tree against the tree.
func reopened(t *testing.T, name string, n *Node) {
	t.Helper()
	stored := n.AppendJSON(nil)
	open := func() *Node {
		got, err := Reopen(bytes.Clone(stored))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return got
	}
	shut := open()
	if got := shut.AppendJSON(nil); !bytes.Equal(got, stored) {
		t.Errorf("%s changes when handed on unread:\n%s\n%s", name, got, stored)
	}
	if got, want := shut.AppendIndent(nil, " "), n.AppendIndent(nil, " "); !bytes.Equal(got, want) {
		t.Errorf("%s reads differently:\n%s\n%s", name, got, want)
	}
	if got := open().Clone(); !reflect.DeepEqual(plain(got), plain(n)) {
		t.Errorf("%s: a clone reads differently", name)
	}
	if got := shut.AppendJSON(nil); !bytes.Equal(got, stored) {
		t.Errorf("%s changes once it was read:\n%s\n%s", name, got, stored)
	}
}

// plain copies a tree by what is public.
func plain(n *Node) *Node {
	c := &Node{kind: n.Kind(), text: n.Text()}
	for _, m := range n.Members() {
		c.members = append(c.members, Member{m.Name, plain(m.Value)})
	}
	for i := range n.Items() {
		c.items = append(c.items, plain(n.Item(i)))
	}
	return c
}

func TestReopenExamples(t *testing.T) {
	t.Parallel()
	sharedtest.Archive(t, "fhir/hl7-r4-examples.tgz", func(name string, data []byte) {
		n, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		reopened(t, name, n)
	})
}

func TestReopenStrings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"a":{"b":"]}\"\\","c":["\\\\","{[\\\""]},"d":[],"e":{},"f":[[{"g":"\u0000é😀"}]],"h":null,"i":-1.50,"j":true,"k":"\\\""}`,
		`{}`, `{"a":{"":{}}}`,
	} {
		n, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		reopened(t, text, n)
	}
}

func TestReopenedIsChanged(t *testing.T) {
	t.Parallel()
	open := func() *Node {
		n, err := Reopen([]byte(`{"a":[1],"b":{"c":1},"d":{"e":"x"}}`))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := open()
	n.Get("a").Append(NewInt(2))
	n.Get("b").Set("c", NewInt(2))
	n.Get("b").SetAfter("c", "f", NewBool(true))
	n.Get("d").Delete("e")
	n.SetAfter("a", "g", NewString("y"))
	n.SetAfter("none", "h", NewInt(3))
	n.SetAfter("a", "h", NewInt(4))
	if got, want := string(n.AppendJSON(nil)), `{"a":[1,2],"g":"y","b":{"c":2,"f":true},"d":{},"h":4}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n, err := Reopen([]byte(`{"a":{},"b":[],"c":{"d":1}}`)); err != nil {
		t.Error(err)
	} else if got := string(NewObject("a", n.Get("a"), "b", n.Get("b"), "c", n.Get("c")).AppendJSON(nil)); got != `{"c":{"d":1}}` {
		t.Errorf("what is empty is not left out: %s", got)
	}
	n = open()
	n.Get("a").SetItems([]*Node{NewInt(7)})
	copied := n.Get("b").Shallow()
	copied.Set("c", nil)
	if got, want := string(NewObject("n", n, "copied", copied, "text", n.Get("d").Text()).AppendJSON(nil)),
		`{"n":{"a":[7],"b":{"c":1},"d":{"e":"x"}}}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Many goroutines may read one tree: the race detector looks on.
func TestReopenedIsReadByMany(t *testing.T) {
	t.Parallel()
	n, err := Reopen([]byte(`{"a":[{"b":1},{"b":2}],"c":{"d":"x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if n.Str("c", "d") != "x" || len(n.Get("a").Items()) != 2 || len(n.AppendJSON(nil)) == 0 || n.Clone().Str("a", "b") != "1" {
				t.Error("one of many reads something else")
			}
		})
	}
	all.Wait()
}

func TestReopenRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `[]`, `1`, `{`, `{"a"`, `{"a":{}`, `{"a":{"b}`, `{"a":["\"]}`, `{"a":{}}x`, ` {}`, `{"a":1,"a":{}}`} {
		if _, err := Reopen([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func FuzzReopen(f *testing.F) {
	for _, s := range []string{sample, `{"a":{"b":"\\\"]"},"c":[[]]}`, `{"a":[1,2.50,"x",null,true,{}]}`, `{"a":{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Reopen(bytes.Clone(data)); err != nil && err.Error() == "" {
			t.Fatal("an error without a text")
		}
		if n, err := Parse(data); err == nil && n.Kind() == Object {
			reopened(t, "input", n)
		}
	})
}
