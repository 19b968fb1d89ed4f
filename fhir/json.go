package fhir

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"chartlake/fault"
)

// MaxDepth is how deep objects and arrays may nest. FHIR resources of real life stay under
// 30; contained resources, extensions and questionnaires of the official examples under 40.
const MaxDepth = 200

// Parse reads one JSON value. Errors are faults of kind Invalid with code json_syntax,
// json_duplicate_member, json_depth, json_trailing; their text gives the byte offset only.
func Parse(data []byte) (*Node, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false))
	n, err := parseValue(dec, 0)
	if err != nil {
		return nil, syntaxFault(dec, err)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "json_trailing", "bytes follow the JSON value at offset %d", dec.InputOffset())
	}
	return n, nil
}

func syntaxFault(dec *jsontext.Decoder, err error) error {
	if f := fault.As(err); f != nil {
		return f
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return fault.New(fault.Invalid, "json_duplicate_member", "a member name stands twice in one object near offset %d", dec.InputOffset())
	}
	return fault.New(fault.Invalid, "json_syntax", "not valid JSON near offset %d", dec.InputOffset())
}

func parseValue(dec *jsontext.Decoder, depth int) (*Node, error) {
	if depth > MaxDepth {
		return nil, fault.New(fault.Invalid, "json_depth", "nested deeper than %d levels", MaxDepth)
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		n := &Node{kind: Object}
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			key := intern(name.String())
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, Member{key, v})
		}
		_, err := dec.ReadToken()
		return n, err
	case '[':
		n := &Node{kind: Array}
		for dec.PeekKind() != ']' {
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
		_, err := dec.ReadToken()
		return n, err
	case '"':
		return NewString(tok.String()), nil
	case '0':
		return NewNumber(tok.String()), nil
	case 't', 'f':
		return NewBool(tok.Kind() == 't'), nil
	default:
		return &Node{}, nil
	}
}

// intern is where member names could share memory; the decoder already caches short strings.
func intern(s string) string { return s }

// AppendJSON appends the compact JSON of the tree: members in order, numbers as written.
func (n *Node) AppendJSON(dst []byte) []byte {
	if n == nil {
		return append(dst, "null"...)
	}
	switch n.kind {
	case Bool, Number:
		return append(dst, n.text...)
	case String:
		dst, _ = jsontext.AppendQuote(dst, n.text)
		return dst
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
			dst, _ = jsontext.AppendQuote(dst, m.Name)
			dst = append(dst, ':')
			dst = m.Value.AppendJSON(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// MarshalJSON is AppendJSON for encoding/json.
func (n *Node) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }
