package validate

import (
	"strings"
	"sync"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// Library is a set of canonical resources: profiles, extensions, value sets, code systems,
// questionnaires. It is never changed after it was made and may be used by many goroutines;
// what it compiles on demand it keeps.
type Library struct {
	below     *Library
	resources map[string]*canonical // by kind and URL
	globals   map[string][]string   // profiles for all resources of a type (ImplementationGuide.global)
	frozen    bool                  // R4's own: code systems that others may have newer versions of

	profiles sync.Map // URL → *profile
	sets     sync.Map // URL → *codeSet
	systems  sync.Map // URL → *codeSystem
	rules    sync.Map // source → *compiled
}

// canonical is a resource that may not be parsed yet.
type canonical struct {
	version string
	text    string
	once    sync.Once
	node    *fhir.Node
	listing *Listing           // of a code system whose concepts are kept elsewhere
	listed  func() *codeSystem // it as a whole, read once
}

func (c *canonical) resource() *fhir.Node {
	c.once.Do(func() {
		if c.node == nil {
			c.node, _ = fhir.Parse([]byte(c.text)) // what generate wrote is JSON
			c.text = ""
		}
	})
	return c.node
}

var core = sync.OnceValue(func() *Library {
	l := &Library{resources: map[string]*canonical{}, frozen: true}
	for line := range strings.Lines(definition.Conformance()) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		url, text, _ := strings.Cut(rest, "\t")
		l.resources[kind+" "+url] = &canonical{version: "4.0.1", text: text}
	}
	return l
})

// Core is the library of R4's own profiles, extensions, value sets and code systems.
func Core() *Library { return core() }

// With gives a library that has these resources too; they hide those with the same URL. A
// Bundle stands for its entries. Resources without a URL are left out.
func (l *Library) With(resources ...*fhir.Node) *Library {
	out := &Library{below: l, resources: map[string]*canonical{}}
	for _, r := range resources {
		out.add(r)
	}
	return out
}

func (l *Library) add(r *fhir.Node) {
	if r.Type() == "Bundle" {
		for _, e := range r.Get("entry").Items() {
			l.add(e.Get("resource"))
		}
		return
	}
	url, version := r.Str("url"), r.Str("version")
	for _, g := range r.Get("global").Items() {
		if r.Type() == "ImplementationGuide" {
			if l.globals == nil {
				l.globals = map[string][]string{}
			}
			l.globals[g.Str("type")] = append(l.globals[g.Str("type")], g.Str("profile"))
		}
	}
	if url == "" {
		return
	}
	c := &canonical{version: version, node: r}
	l.resources[r.Type()+" "+url] = c
	if version != "" {
		l.resources[r.Type()+" "+url+"|"+version] = c
	}
}

// global lists the profiles that guides put on all resources of a type.
func (l *Library) global(typ string) []string {
	var out []string
	for x := l; x != nil; x = x.below {
		out = append(out, x.globals[typ]...)
	}
	return out
}

// find gives a resource by canonical URL, with or without a version; nil where there is none. A
// version that is not here is answered by the one that is.
func (l *Library) find(kind, url string) *fhir.Node {
	n, _ := l.lookup(kind, url)
	return n
}

// lookup is find, and says whether the resource is R4's own.
func (l *Library) lookup(kind, url string) (n *fhir.Node, frozen bool) {
	bare, _, versioned := strings.Cut(url, "|")
	if versioned {
		for x := l; x != nil; x = x.below {
			if c := x.resources[kind+" "+url]; c != nil {
				return c.resource(), x.frozen
			}
		}
	}
	for x := l; x != nil; x = x.below {
		if c := x.resources[kind+" "+bare]; c != nil {
			return c.resource(), x.frozen
		}
	}
	return nil, false
}

type compiled struct {
	expr *fhirpath.Expr
	err  error
}

// expression compiles an expression once for a library. R4's own rules are asked for on Core, so
// that libraries made for one validation do not compile them anew.
func (l *Library) expression(source string) (*fhirpath.Expr, error) {
	if c, ok := l.rules.Load(source); ok {
		return c.(*compiled).expr, c.(*compiled).err
	}
	e, err := fhirpath.Compile(source)
	l.rules.Store(source, &compiled{e, err})
	return e, err
}
