package fhir

import (
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"chartlake/fault"
)

// MaxDepth is how deep objects and arrays may nest. FHIR resources of real life stay under
// 30; contained resources, extensions and questionnaires of the official examples under 40.
const MaxDepth = 200

// Parse reads one JSON value (RFC 8259). Errors are faults of kind Invalid with code
// json_syntax, json_duplicate_member, json_depth, json_trailing; their text gives the byte
// offset only. The tree refers to one copy of data.
func Parse(data []byte) (*Node, error) {
	if !utf8.Valid(data) {
		return nil, fault.New(fault.Invalid, "json_syntax", "the bytes are not UTF-8")
	}
	s := scan(string(data))
	defer s.done()
	s.space()
	n, ok := s.value(0)
	if !ok {
		return nil, s.fault()
	}
	if s.space(); s.pos < len(s.text) {
		return nil, fault.New(fault.Invalid, "json_trailing", "bytes follow the JSON value at offset %d", s.pos)
	}
	return n, nil
}

// scanner reads a tree in one pass. Nodes come from small chunks, members and items are
// gathered on stacks and copied once their number is known.
type scanner struct {
	text    string
	pos     int
	code    string // of the fault, empty for json_syntax
	lazy    bool   // what members of the object hold is left unread
	chunk   []Node
	members []Member
	items   []*Node
}

// stacks lends room to gather in.
var stacks = sync.Pool{New: func() any { return &scanner{members: make([]Member, 0, 32), items: make([]*Node, 0, 16)} }}

// stacksMost is how much of it is kept for the next one.
const stacksMost = 1_000

func scan(text string) *scanner {
	s, _ := stacks.Get().(*scanner)
	s.text = text
	return s
}

// done gives the room back, with nothing in it that would hold a tree.
func (s *scanner) done() {
	if cap(s.members) > stacksMost || cap(s.items) > stacksMost {
		return
	}
	clear(s.members[:cap(s.members)])
	clear(s.items[:cap(s.items)])
	*s = scanner{members: s.members[:0], items: s.items[:0]}
	stacks.Put(s)
}

func (s *scanner) fault() error {
	switch s.code {
	case "json_duplicate_member":
		return fault.New(fault.Invalid, s.code, "a member name stands twice in one object near offset %d", s.pos)
	case "json_depth":
		return fault.New(fault.Invalid, s.code, "nested deeper than %d levels", MaxDepth)
	}
	return fault.New(fault.Invalid, "json_syntax", "not valid JSON near offset %d", s.pos)
}

func (s *scanner) node(kind Kind, text string) *Node {
	if len(s.chunk) == 0 {
		most := 32
		if s.lazy { // what most resources have at the top
			most = 16
		}
		s.chunk = make([]Node, min(most, 1+(len(s.text)-s.pos)/16))
	}
	n := &s.chunk[0]
	s.chunk = s.chunk[1:]
	n.kind, n.text = kind, text
	return n
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek gives the current byte, 0 at the end; a zero byte in the text is an error anyway.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) value(depth int) (*Node, bool) {
	if depth > MaxDepth {
		s.code = "json_depth"
		return nil, false
	}
	if s.lazy && depth == 1 && (s.peek() == '{' || s.peek() == '[') {
		return s.shutNode()
	}
	switch c := s.peek(); c {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case '"':
		text, ok := s.str()
		if !ok {
			return nil, false
		}
		return s.node(String, text), true
	case 't':
		return s.word(Bool, "true")
	case 'f':
		return s.word(Bool, "false")
	case 'n':
		return s.word(Null, "null")
	}
	return s.number()
}

func (s *scanner) word(kind Kind, word string) (*Node, bool) {
	if !strings.HasPrefix(s.text[s.pos:], word) {
		return nil, false
	}
	s.pos += len(word)
	if kind == Null {
		word = ""
	}
	return s.node(kind, word), true
}

func (s *scanner) object(depth int) (*Node, bool) {
	n, start := s.node(Object, ""), len(s.members)
	s.pos++
	s.space()
	for first := true; s.peek() != '}'; first = false {
		if !first && !s.comma() {
			return nil, false
		}
		name, ok := s.str()
		if !ok {
			return nil, false
		}
		if s.space(); s.peek() != ':' {
			return nil, false
		}
		s.pos++
		s.space()
		v, ok := s.value(depth + 1)
		if !ok {
			return nil, false
		}
		s.members = append(s.members, Member{name, v})
		s.space()
	}
	s.pos++
	if found := s.members[start:]; len(found) > 0 {
		if duplicate(found) {
			s.code = "json_duplicate_member"
			return nil, false
		}
		more := 0
		if depth == 0 {
			more = 1 // a store adds meta
		}
		n.members = append(make([]Member, 0, len(found)+more), found...)
		s.members = s.members[:start]
	}
	return n, true
}

// duplicate reports whether a name stands twice.
func duplicate(members []Member) bool {
	if len(members) > 24 {
		seen := make(map[string]bool, len(members))
		for i := range members {
			if seen[members[i].Name] {
				return true
			}
			seen[members[i].Name] = true
		}
		return false
	}
	for i := range members {
		for j := range i {
			if members[i].Name == members[j].Name {
				return true
			}
		}
	}
	return false
}

func (s *scanner) comma() bool {
	if s.peek() != ',' {
		return false
	}
	s.pos++
	s.space()
	return true
}

func (s *scanner) array(depth int) (*Node, bool) {
	n, start := s.node(Array, ""), len(s.items)
	s.pos++
	s.space()
	for first := true; s.peek() != ']'; first = false {
		if !first && !s.comma() {
			return nil, false
		}
		v, ok := s.value(depth + 1)
		if !ok {
			return nil, false
		}
		s.items = append(s.items, v)
		s.space()
	}
	s.pos++
	if found := s.items[start:]; len(found) > 0 {
		n.items = append(make([]*Node, 0, len(found)), found...)
		s.items = s.items[:start]
	}
	return n, true
}

// number keeps the literal: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() (*Node, bool) {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return nil, false
	}
	if s.peek() == '.' {
		if s.pos++; !s.digits() {
			return nil, false
		}
	}
	if s.peek()|0x20 == 'e' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return nil, false
		}
	}
	return s.node(Number, s.text[start:s.pos]), true
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}

// str reads a string. Without escapes it is a part of the text.
func (s *scanner) str() (string, bool) {
	if s.peek() != '"' {
		return "", false
	}
	start := s.pos + 1
	rest := s.text[start:]
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c > '\\' || c != '"' && c != '\\' && c >= ' ' {
			continue
		}
		s.pos = start + i
		switch c {
		case '"':
			s.pos++
			return rest[:i], true
		case '\\':
			return s.escaped(start)
		}
		return "", false
	}
	s.pos = len(s.text)
	return "", false
}

// escaped goes on with a string at its first escape.
func (s *scanner) escaped(start int) (string, bool) {
	var b strings.Builder
	b.WriteString(s.text[start:s.pos])
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch {
		case c == '"':
			return b.String(), true
		case c < ' ':
			return "", false
		case c != '\\':
			b.WriteByte(c)
		default:
			r, ok := s.escape()
			if !ok {
				return "", false
			}
			b.WriteRune(r)
		}
	}
	return "", false
}

// escape reads what follows a backslash. A surrogate without its partner is refused: no
// UTF-8 text can hold it.
func (s *scanner) escape() (rune, bool) {
	const names, values = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := s.peek()
	s.pos++
	if i := strings.IndexByte(names, c); i >= 0 {
		return rune(values[i]), true
	}
	if c != 'u' {
		return 0, false
	}
	r, ok := s.hex()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if !strings.HasPrefix(s.text[s.pos:], `\u`) {
		return 0, false
	}
	s.pos += 2
	low, ok := s.hex()
	r = utf16.DecodeRune(r, low)
	return r, ok && r != utf8.RuneError
}

func (s *scanner) hex() (rune, bool) {
	if s.pos+4 > len(s.text) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s.text[s.pos : s.pos+4]) {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 + rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 + rune(c|0x20-'a') + 10
		default:
			return 0, false
		}
	}
	s.pos += 4
	return r, true
}
