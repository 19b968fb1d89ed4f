package fhir

import (
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends the compact JSON of the tree: members in order, numbers as written.
func (n *Node) AppendJSON(dst []byte) []byte {
	switch n.Kind() {
	case Array, Object:
		if atomic.LoadUint32(&n.shut) == 1 {
			return append(dst, n.text...)
		}
	}
	switch n.Kind() {
	case Bool, Number:
		return append(dst, n.text...)
	case String:
		return appendQuoted(dst, n.text)
	case Array:
		dst = append(dst, '[')
		for i, it := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = it.AppendJSON(dst)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i, m := range n.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, m.Name), ':')
			dst = m.Value.AppendJSON(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// AppendIndent appends the JSON of the tree for people to read: one member or item a line,
// each level one indent deeper.
func (n *Node) AppendIndent(dst []byte, indent string) []byte {
	return n.appendIndent(dst, indent, 0)
}

func (n *Node) appendIndent(dst []byte, indent string, level int) []byte {
	open, end := byte('{'), byte('}')
	if n.Kind() == Array {
		open, end = '[', ']'
	}
	if len(n.Members()) == 0 && len(n.Items()) == 0 {
		return n.AppendJSON(dst)
	}
	dst = append(dst, open)
	for i, m := range n.members {
		dst = newLine(dst, indent, level+1, i > 0)
		dst = append(appendQuoted(dst, m.Name), ": "...)
		dst = m.Value.appendIndent(dst, indent, level+1)
	}
	for i, it := range n.items {
		dst = newLine(dst, indent, level+1, i > 0)
		dst = it.appendIndent(dst, indent, level+1)
	}
	return append(newLine(dst, indent, level, false), end)
}

func newLine(dst []byte, indent string, level int, comma bool) []byte {
	if comma {
		dst = append(dst, ',')
	}
	dst = append(dst, '\n')
	for range level {
		dst = append(dst, indent...)
	}
	return dst
}

// appendQuoted appends a JSON string. Text that Parse made needs little; anything else,
// such as bytes that are no UTF-8, is left to jsontext, which replaces them.
func appendQuoted(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			dst, _ = jsontext.AppendQuote(dst, s)
			return dst
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

// MarshalJSON is AppendJSON for encoding/json.
func (n *Node) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }
