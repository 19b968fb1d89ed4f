package fhir

import (
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Reopen is Parse for an object that AppendJSON wrote and whose bytes are proved to be the same
// (a store's sealed body). It reads the members of the object and leaves what is in them as it
// stands, until somebody asks for it: a resource that is only handed on costs no tree, and
// AppendJSON copies. An error says that the bytes are no such object, as far as it looked; what
// only shows further down panics when it is asked for, since it cannot be.
//
// data belongs to the tree afterwards and must not be changed.
func Reopen(data []byte) (*Node, error) {
	s := scan(unsafe.String(unsafe.SliceData(data), len(data)))
	defer s.done()
	s.lazy = true
	if s.peek() != '{' {
		return nil, s.fault()
	}
	n, ok := s.object(0)
	if !ok || s.pos < len(s.text) {
		return nil, s.fault()
	}
	return n, nil
}

// opening lets one goroutine put in place what it read of a node.
var opening sync.Mutex

// open reads what is in a node that Reopen left as it was.
func (n *Node) open() {
	if atomic.LoadUint32(&n.shut) == 1 {
		n.unfold()
	}
}

func (n *Node) unfold() {
	s := scan(n.text)
	defer s.done()
	read, ok := s.value(1)
	if !ok || s.pos < len(s.text) {
		panic("fhir: what Reopen was given is not what AppendJSON wrote")
	}
	opening.Lock()
	defer opening.Unlock()
	if n.shut == 1 {
		n.members, n.items = read.members, read.items
		atomic.StoreUint32(&n.shut, 0)
	}
}

// shutNode leaves an object or array unread.
func (s *scanner) shutNode() (*Node, bool) {
	start, kind := s.pos, Array
	if s.text[start] == '{' {
		kind = Object
	}
	if !s.skip() {
		return nil, false
	}
	n := s.node(kind, s.text[start:s.pos])
	n.shut = 1
	return n, true
}

// skip goes behind the end of an object or array.
func (s *scanner) skip() bool {
	depth := 0
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return true
			}
		case '"':
			for {
				end := strings.IndexByte(s.text[s.pos:], '"')
				if end < 0 {
					return false
				}
				s.pos += end + 1
				if !s.quoted(end) {
					break
				}
			}
		}
	}
	return false
}

// quoted reports whether the quote before the position, which is behind so many bytes of a
// string, is part of it: an odd number of backslashes stands before it.
func (s *scanner) quoted(length int) bool {
	n := 0
	for n < length && s.text[s.pos-2-n] == '\\' {
		n++
	}
	return n%2 == 1
}
