package fhir

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"chartlake/fault"
	"chartlake/fhir/definition"
)

const (
	fhirNamespace  = "http://hl7.org/fhir"
	xhtmlNamespace = "http://www.w3.org/1999/xhtml"
)

// ParseXML reads a resource in the XML form (http://hl7.org/fhir/R4/xml.html) into the tree
// that its JSON form would give. It refuses elements and attributes that R4 does not define,
// since XML alone does not say whether an element repeats or is a number; DTDs, so that no
// entity can be defined; and nesting beyond MaxDepth. Errors are faults of kind Invalid with
// code xml_syntax, xml_element or xml_depth.
func ParseXML(data []byte) (*Node, error) {
	r := &xmlReader{dec: xml.NewDecoder(bytes.NewReader(data))}
	r.dec.Strict = true
	for {
		tok, err := r.token()
		if err != nil {
			return nil, err
		}
		if start, ok := tok.(xml.StartElement); ok {
			n, err := r.resource(start, 0)
			if err != nil {
				return nil, err
			}
			return n, r.end()
		}
	}
}

type xmlReader struct{ dec *xml.Decoder }

func (r *xmlReader) syntax() error {
	return fault.New(fault.Invalid, "xml_syntax", "not valid XML near offset %d", r.dec.InputOffset())
}

func (r *xmlReader) unknown() error {
	return fault.New(fault.Invalid, "xml_element", "an element or attribute that R4 does not have, near offset %d", r.dec.InputOffset())
}

func (r *xmlReader) token() (xml.Token, error) {
	tok, err := r.dec.Token()
	if err != nil {
		return nil, r.syntax()
	}
	switch t := tok.(type) {
	case xml.Directive:
		return nil, fault.New(fault.Invalid, "xml_syntax", "a document type declaration is refused")
	case xml.CharData:
		if strings.TrimSpace(string(t)) != "" {
			return nil, r.syntax()
		}
	}
	return tok, nil
}

// end checks that nothing but comments follows.
func (r *xmlReader) end() error {
	for {
		tok, err := r.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if _, comment := tok.(xml.Comment); err != nil || !comment && !blank(tok) {
			return r.syntax()
		}
	}
}

func blank(tok xml.Token) bool {
	text, ok := tok.(xml.CharData)
	return ok && strings.TrimSpace(string(text)) == ""
}

func (r *xmlReader) resource(start xml.StartElement, depth int) (*Node, error) {
	t := definition.R4().ResourceType(start.Name.Local)
	if t == nil || start.Name.Space != fhirNamespace {
		return nil, r.unknown()
	}
	n := NewObject("resourceType", t.Name)
	return n, r.content(n, t.Root, start, depth)
}

// content reads the attributes and children of an element up to its end tag.
func (r *xmlReader) content(n *Node, shape *definition.Element, start xml.StartElement, depth int) error {
	if depth > MaxDepth {
		return fault.New(fault.Invalid, "xml_depth", "nested deeper than %d levels", MaxDepth)
	}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance":
		case a.Name.Local == "id" && a.Name.Space == "", a.Name.Local == "url" && shape.Child("url") != nil && shape.Child("url").Attribute:
			n.Set(a.Name.Local, NewString(a.Value))
		default:
			return r.unknown()
		}
	}
	for {
		tok, err := r.token()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := r.child(n, shape, t, depth+1); err != nil {
				return err
			}
		}
	}
}

func (r *xmlReader) child(n *Node, shape *definition.Element, start xml.StartElement, depth int) error {
	name := start.Name.Local
	e, t := shape.Property(name)
	if e == nil {
		return r.unknown()
	}
	switch {
	case t != nil && t.Name == "xhtml":
		if start.Name.Space != xhtmlNamespace {
			return r.unknown()
		}
		text, err := r.narrative(start)
		n.Set(name, NewString(text))
		return err
	case t != nil && t.Kind == definition.Primitive:
		return r.primitive(n, e, t, start, depth)
	case t != nil && t.Kind == definition.Resource:
		return r.inner(n, e, depth)
	}
	v := &Node{kind: Object}
	if err := r.content(v, e.Shape(t), start, depth); err != nil {
		return err
	}
	add(n, e, name, v)
	return nil
}

// add puts a value under a name, in an array when the element may repeat.
func add(n *Node, e *definition.Element, name string, v *Node) {
	if e.Max == 1 {
		n.Set(name, v)
		return
	}
	list := n.Get(name)
	if list == nil {
		list = &Node{kind: Array}
		n.Set(name, list)
	}
	list.Append(v)
}

// inner reads a resource within an element: contained, Bundle.entry.resource.
func (r *xmlReader) inner(n *Node, e *definition.Element, depth int) error {
	for {
		tok, err := r.token()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			v, err := r.resource(t, depth)
			if err != nil {
				return err
			}
			add(n, e, e.Name, v)
		}
	}
}

// primitive reads value, id and extensions; the latter go into _name.
func (r *xmlReader) primitive(n *Node, e *definition.Element, t *definition.Type, start xml.StartElement, depth int) error {
	var value *Node
	for i, a := range start.Attr {
		if a.Name.Local == "value" && a.Name.Space == "" {
			value = primitiveNode(t, a.Value)
			start.Attr = append(start.Attr[:i:i], start.Attr[i+1:]...)
			break
		}
	}
	extras := &Node{kind: Object}
	if err := r.content(extras, t.Root, start, depth); err != nil {
		return err
	}
	name := start.Name.Local
	if e.Max == 1 {
		if value != nil {
			n.Set(name, value)
		}
		if len(extras.members) > 0 {
			n.Set("_"+name, extras)
		}
		return nil
	}
	appendPrimitive(n, name, value, extras)
	return nil
}

// appendPrimitive keeps name and _name of a repeating primitive in step, with null where
// one of them has nothing.
func appendPrimitive(n *Node, name string, value, extras *Node) {
	values, others := n.Get(name), n.Get("_"+name)
	count := max(len(values.Items()), len(others.Items()))
	if value != nil || values != nil {
		if values == nil {
			values = nulls(count)
			n.Set(name, values)
		}
		if value == nil {
			value = &Node{}
		}
		values.Append(value)
	}
	if len(extras.members) == 0 && others == nil {
		return
	}
	if others == nil {
		others = nulls(count)
		n.Set("_"+name, others)
	}
	if len(extras.members) == 0 {
		extras = &Node{}
	}
	others.Append(extras)
}

func nulls(n int) *Node {
	list := &Node{kind: Array}
	for range n {
		list.Append(&Node{})
	}
	return list
}

// primitiveNode makes a JSON value of an attribute; what is no number or boolean stays a
// string, for validation to find.
func primitiveNode(t *definition.Type, text string) *Node {
	switch {
	case t.Name == "boolean" && (text == "true" || text == "false"):
		return NewBool(text == "true")
	case (t.Is("integer") || t.Name == "decimal") && isNumber(text):
		return NewNumber(text)
	}
	return NewString(text)
}

func isNumber(text string) bool {
	n, err := Parse([]byte(text))
	return err == nil && n.kind == Number
}

// narrative copies an XHTML element as text.
func (r *xmlReader) narrative(start xml.StartElement) (string, error) {
	var b strings.Builder
	writeStart(&b, start, true)
	for depth := 1; depth > 0; {
		tok, err := r.dec.Token()
		if err != nil || depth > MaxDepth {
			return "", r.syntax()
		}
		switch t := tok.(type) {
		case xml.StartElement:
			depth++
			writeStart(&b, t, false)
		case xml.EndElement:
			depth--
			b.WriteString("</" + t.Name.Local + ">")
		case xml.CharData:
			b.WriteString(xmlText.Replace(string(t)))
		case xml.Directive:
			return "", r.syntax()
		}
	}
	return b.String(), nil
}

var xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

var xmlAttribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;")

func writeStart(b *strings.Builder, t xml.StartElement, root bool) {
	b.WriteString("<" + t.Name.Local)
	if root {
		b.WriteString(` xmlns="` + xhtmlNamespace + `"`)
	}
	for _, a := range t.Attr {
		if a.Name.Local == "xmlns" || a.Name.Space == "xmlns" {
			continue
		}
		name := a.Name.Local
		if a.Name.Space == "http://www.w3.org/XML/1998/namespace" || a.Name.Space == "xml" {
			name = "xml:" + name
		}
		b.WriteString(" " + name + `="` + xmlAttribute.Replace(a.Value) + `"`)
	}
	b.WriteString(">")
}
