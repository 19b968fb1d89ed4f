package search

import (
	"html"
	"strings"
	"unicode"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
)

// Names of the parameters that search text (R4 §3.1.1.4.18): the narrative, the whole resource.
const (
	NarrativeText = "_text"
	ContentText   = "_content"
)

// maxWordsDepth bounds parentheses within each other in a text query.
const maxWordsDepth = 20

// Words is a text query: words that must all be there, joined by and, or, and parentheses.
// Words are folded and compared as a whole.
type Words struct {
	word string
	or   bool // any of parts; else all
	of   []*Words
}

// ParseWords reads a text query: (bone OR liver) and metastases. The fault is Invalid.
func ParseWords(s string) (*Words, error) {
	p := wordParser{rest: tokens(s)}
	w := p.any(0)
	if w == nil || len(p.rest) > 0 {
		return nil, fault.New(fault.Invalid, "bad_value", "a text search takes words, joined by and, or, and parentheses")
	}
	return w, nil
}

// tokens are words and parentheses.
func tokens(s string) []string {
	s = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s)
	var list []string
	for _, field := range strings.Fields(s) {
		if field == "(" || field == ")" {
			list = append(list, field)
			continue
		}
		list = append(list, words(field)...)
	}
	return list
}

// words splits a text into its folded words of letters and digits.
func words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

type wordParser struct{ rest []string }

func (p *wordParser) next(want string) bool {
	if len(p.rest) > 0 && p.rest[0] == want {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

// any reads parts joined by or; nil where the form is wrong.
func (p *wordParser) any(depth int) *Words {
	out := &Words{or: true}
	for {
		w := p.all(depth)
		if w == nil {
			return nil
		}
		out.of = append(out.of, w)
		if !p.next("or") {
			return out
		}
	}
}

// all reads parts that stand beside each other, or are joined by and.
func (p *wordParser) all(depth int) *Words {
	out := &Words{}
	for len(p.rest) > 0 && p.rest[0] != "or" && p.rest[0] != ")" {
		if len(out.of) > 0 {
			p.next("and")
		}
		switch {
		case p.next("("):
			if depth == maxWordsDepth {
				return nil
			}
			w := p.any(depth + 1)
			if w == nil || !p.next(")") {
				return nil
			}
			out.of = append(out.of, w)
		case len(p.rest) == 0 || p.rest[0] == "and" || p.rest[0] == "or" || p.rest[0] == ")":
			return nil
		default:
			out.of = append(out.of, &Words{word: p.rest[0]})
			p.rest = p.rest[1:]
		}
	}
	if len(out.of) == 0 {
		return nil
	}
	return out
}

// in reports whether a text of these words fulfils the query.
func (w *Words) in(have map[string]bool) bool {
	if w.word != "" {
		return have[w.word]
	}
	for _, part := range w.of {
		if part.in(have) == w.or {
			return w.or
		}
	}
	return !w.or
}

// Parts gives a query as a tree: one word, or parts of which all, or with or any, must hold.
func (w *Words) Parts() (word string, or bool, of []*Words) { return w.word, w.or, w.of }

// size is the number of words.
func (w *Words) size() int {
	n := 0
	if w.word != "" {
		n++
	}
	for _, part := range w.of {
		n += part.size()
	}
	return n
}

// Reads reports whether a filter can be decided by reading a resource only: there is no index
// of labels, and of other texts where a store has one.
func (f *Filter) Reads() bool {
	return f.Modifier == Text || f.Param == nil && (f.Code == NarrativeText || f.Code == ContentText)
}

// Matches decides such a filter for a resource.
func (c *Catalogue) Matches(f *Filter, resource *fhir.Node) (bool, error) {
	if f.Modifier == Text {
		return c.labelled(f, resource)
	}
	have := wordsOf(f.Code, resource)
	for _, v := range f.Values {
		if v.Words.in(have) {
			return true, nil
		}
	}
	return false, nil
}

// wordsOf are the words of a resource that _text or _content search.
func wordsOf(code string, resource *fhir.Node) map[string]bool {
	have := map[string]bool{}
	if code == NarrativeText {
		addWords(have, plainText(resource.Str("text", "div")))
	} else {
		content(resource, true, have)
	}
	return have
}

func addWords(to map[string]bool, text string) {
	for _, w := range words(text) {
		to[w] = true
	}
}

// plainText takes the tags out of XHTML.
func plainText(div string) string {
	var b strings.Builder
	inside := false
	for _, r := range div {
		switch {
		case r == '<':
			inside = true
			b.WriteByte(' ')
		case r == '>':
			inside = false
		case !inside:
			b.WriteRune(r)
		}
	}
	return html.UnescapeString(b.String())
}

// content gathers the words of every element but what only machines read: the id, meta, and
// bytes in base64.
func content(n *fhir.Node, top bool, into map[string]bool) {
	switch n.Kind() {
	case fhir.Object:
		for _, m := range n.Members() {
			switch {
			case top && (m.Name == "id" || m.Name == "meta" || m.Name == "resourceType"), m.Name == "data" && m.Value.Kind() == fhir.String:
			case m.Name == "div" && m.Value.Kind() == fhir.String:
				addWords(into, plainText(m.Value.Text()))
			default:
				content(m.Value, false, into)
			}
		}
	case fhir.Array:
		for _, it := range n.Items() {
			content(it, false, into)
		}
	default:
		addWords(into, n.Text())
	}
}

// labelled is :text on a token: a text or display of the element has the value at its beginning
// or at the beginning of a word.
func (c *Catalogue) labelled(f *Filter, resource *fhir.Node) (bool, error) {
	texts, err := c.labels(f.Param, resource)
	if err != nil {
		return false, err
	}
	for _, v := range f.Values {
		want := Fold(v.Text)
		for _, text := range texts {
			if beginsWord(Fold(text), want) {
				return true, nil
			}
		}
	}
	return false, nil
}

func beginsWord(text, want string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], want)
		if i < 0 {
			return false
		}
		at := from + i
		before := []rune(text[:at])
		if at == 0 || !unicode.IsLetter(before[len(before)-1]) && !unicode.IsDigit(before[len(before)-1]) {
			return true
		}
		from = at + 1
	}
}

// labels are the texts that a token's element is shown by.
func (c *Catalogue) labels(p *Param, resource *fhir.Node) (list []string, err error) {
	ex, x, err := c.begin(resource, "", 0)
	if err != nil {
		return nil, err
	}
	for i := range ex.steps {
		step := &ex.steps[i]
		if step.param.IndexName() != p.IndexName() {
			continue
		}
		found, err := step.expr.EvalOn(x.root, x.root)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			list = append(list, labelsOf(v)...)
		}
	}
	return list, nil
}

func labelsOf(v fhirpath.Value) (list []string) {
	n := v.Node()
	concept := n
	switch v.Type() {
	case "Coding":
		return []string{n.Str("display")}
	case "Identifier":
		concept = n.Get("type")
	case "CodeableConcept":
	default:
		return nil
	}
	list = []string{concept.Str("text")}
	for _, c := range concept.Get("coding").Items() {
		list = append(list, c.Str("display"))
	}
	return list
}

// SortText gives the value by which a resource is sorted under a token, reference or uri
// parameter: the smallest, or with desc the largest, of codes, references and uris in folded
// form; false where there is none. Their index has no order.
func (c *Catalogue) SortText(p *Param, resource *fhir.Node, base string, desc bool) (text string, ok bool, err error) {
	values, err := c.ExtractOne(resource, base, p.IndexName())
	if err != nil {
		return "", false, err
	}
	for i := range values {
		v := &values[i]
		one := v.Text
		switch p.Kind {
		case KindToken:
			one = FoldCode(v.Token.Code)
		case KindReference:
			if one = v.Ref.URL; one == "" && v.Ref.ID != "" {
				one = v.Ref.Type + "/" + v.Ref.ID
			}
		}
		if one != "" && (!ok || (one > text) == desc && one != text) {
			text, ok = one, true
		}
	}
	return text, ok, nil
}
