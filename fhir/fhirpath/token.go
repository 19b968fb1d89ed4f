package fhirpath

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"chartlake/fault"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokName
	tokNumber
	tokString
	tokDate     // text without @
	tokTime     // text without @T
	tokSpecial  // $this, $index, $total; text without $
	tokExternal // %name; text without %
	tokSymbol
)

type token struct {
	kind   tokenKind
	text   string
	pos    int
	quoted bool // `name` in back quotes is never a keyword
}

type lexer struct {
	src string
	pos int
}

func syntaxError(pos int, format string, args ...any) error {
	f := fault.New(fault.Invalid, "fhirpath_syntax", format, args...)
	f.Message = "FHIRPath, character " + strconv.Itoa(pos+1) + ": " + f.Message
	return f
}

// next reads one token.
func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	start := l.pos
	if start >= len(l.src) {
		return token{kind: tokEnd, pos: start}, nil
	}
	c := l.src[start]
	switch {
	case isLetter(c):
		return token{kind: tokName, text: l.while(isNamePart), pos: start}, nil
	case isDigit(c):
		return token{kind: tokNumber, text: l.number(), pos: start}, nil
	case c == '\'':
		s, err := l.quoted('\'')
		return token{kind: tokString, text: s, pos: start}, err
	case c == '`':
		s, err := l.quoted('`')
		return token{kind: tokName, text: s, pos: start, quoted: true}, err
	case c == '@':
		return l.temporal()
	case c == '$':
		l.pos++
		return token{kind: tokSpecial, text: l.while(isNamePart), pos: start}, nil
	case c == '%':
		return l.external()
	}
	return l.symbol()
}

// skip passes white space and comments.
func (l *lexer) skip() error {
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest) - 1
			}
			l.pos += n + 1
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return syntaxError(l.pos, "a comment does not end")
			}
			l.pos += n + 4
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) while(f func(byte) bool) string {
	start := l.pos
	for l.pos < len(l.src) && f(l.src[l.pos]) {
		l.pos++
	}
	return l.src[start:l.pos]
}

// number reads digits with an optional fraction; "1.abs" is the number 1 and a call.
func (l *lexer) number() string {
	start := l.pos
	l.while(isDigit)
	if l.pos+1 < len(l.src) && l.src[l.pos] == '.' && isDigit(l.src[l.pos+1]) {
		l.pos++
		l.while(isDigit)
	}
	return l.src[start:l.pos]
}

func (l *lexer) quoted(end byte) (string, error) {
	start := l.pos
	l.pos++
	var b strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		l.pos++
		switch c {
		case end:
			return b.String(), nil
		case '\\':
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", syntaxError(start, "a string does not end")
}

var escapes = map[byte]byte{'\'': '\'', '"': '"', '`': '`', '\\': '\\', '/': '/', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (l *lexer) escape(b *strings.Builder) error {
	if l.pos >= len(l.src) {
		return syntaxError(l.pos, "a string does not end")
	}
	c := l.src[l.pos]
	l.pos++
	if plain, ok := escapes[c]; ok {
		b.WriteByte(plain)
		return nil
	}
	if c == 'u' && l.pos+4 <= len(l.src) {
		if n, err := strconv.ParseUint(l.src[l.pos:l.pos+4], 16, 32); err == nil {
			l.pos += 4
			b.WriteRune(rune(n))
			return nil
		}
	}
	return syntaxError(l.pos, "unknown escape in a string")
}

// temporal reads @2015-02-04T14:34:28.123+01:00 or @T14:34.
func (l *lexer) temporal() (token, error) {
	start := l.pos
	l.pos++
	if l.pos < len(l.src) && l.src[l.pos] == 'T' {
		l.pos++
		return token{kind: tokTime, text: l.clock(), pos: start}, nil
	}
	from := l.pos
	l.while(isDigit)
	for i := 0; i < 2 && l.digitAfter('-'); i++ {
		l.pos++
		l.while(isDigit)
	}
	if l.pos < len(l.src) && l.src[l.pos] == 'T' {
		l.pos++
		if l.clock() != "" {
			l.zone()
		}
	}
	if l.pos == from {
		return token{}, syntaxError(start, "@ begins a date or time")
	}
	return token{kind: tokDate, text: l.src[from:l.pos], pos: start}, nil
}

func (l *lexer) digitAfter(c byte) bool {
	return l.pos+1 < len(l.src) && l.src[l.pos] == c && isDigit(l.src[l.pos+1])
}

func (l *lexer) clock() string {
	start := l.pos
	l.while(isDigit)
	for i := 0; i < 2 && l.digitAfter(':'); i++ {
		l.pos++
		l.while(isDigit)
	}
	if l.digitAfter('.') {
		l.pos++
		l.while(isDigit)
	}
	return l.src[start:l.pos]
}

func (l *lexer) zone() {
	switch {
	case l.pos < len(l.src) && l.src[l.pos] == 'Z':
		l.pos++
	case l.digitAfter('+') || l.digitAfter('-'):
		l.pos++
		l.while(isDigit)
		if l.digitAfter(':') {
			l.pos++
			l.while(isDigit)
		}
	}
}

func (l *lexer) external() (token, error) {
	start := l.pos
	l.pos++
	if l.pos < len(l.src) && (l.src[l.pos] == '`' || l.src[l.pos] == '\'') {
		s, err := l.quoted(l.src[l.pos])
		return token{kind: tokExternal, text: s, pos: start}, err
	}
	name := l.while(func(c byte) bool { return isNamePart(c) || c == '-' })
	if name == "" {
		return token{}, syntaxError(start, "%% begins the name of a variable")
	}
	return token{kind: tokExternal, text: name, pos: start}, nil
}

var symbols = []string{"<=", ">=", "!=", "!~", "=", "~", "<", ">", "+", "-", "*", "/", "&", "|", "(", ")", "[", "]", "{", "}", ".", ","}

func (l *lexer) symbol() (token, error) {
	for _, s := range symbols {
		if strings.HasPrefix(l.src[l.pos:], s) {
			t := token{kind: tokSymbol, text: s, pos: l.pos}
			l.pos += len(s)
			return t, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	return token{}, syntaxError(l.pos, "unexpected character %q", r)
}

func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isLetter(c byte) bool   { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }
func isNamePart(c byte) bool { return isLetter(c) || isDigit(c) }
