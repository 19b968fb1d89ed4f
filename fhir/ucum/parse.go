package ucum

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

const maxDepth = 20

type parser struct {
	t    *tables
	rest string
}

// term reads components joined by . and /, from the left.
func (p *parser) term(depth int) (Unit, bool) {
	if depth > maxDepth {
		return Unit{}, false
	}
	out, sign := Unit{factor: one}, 1
	if strings.HasPrefix(p.rest, "/") {
		p.rest, sign = p.rest[1:], -1
	}
	for {
		u, ok := p.component(depth)
		if !ok {
			return Unit{}, false
		}
		if out, ok = out.times(u, sign); !ok {
			return Unit{}, false
		}
		switch {
		case strings.HasPrefix(p.rest, "."):
			sign = 1
		case strings.HasPrefix(p.rest, "/"):
			sign = -1
		default:
			return out, true
		}
		p.rest = p.rest[1:]
	}
}

func (p *parser) component(depth int) (Unit, bool) {
	if inner, ok := strings.CutPrefix(p.rest, "("); ok {
		p.rest = inner
		u, ok := p.term(depth + 1)
		if !ok || !strings.HasPrefix(p.rest, ")") {
			return Unit{}, false
		}
		p.rest = p.rest[1:]
		return u, true
	}
	if strings.HasPrefix(p.rest, "{") {
		return Unit{factor: one}, p.annotation()
	}
	word := p.word()
	if word == "" {
		return Unit{}, false
	}
	u, ok := p.simple(word)
	if strings.HasPrefix(p.rest, "{") {
		ok = p.annotation() && ok
	}
	return u, ok
}

// word takes the characters of one simple unit with its exponent.
func (p *parser) word() string {
	i, bracket := 0, false
	for ; i < len(p.rest); i++ {
		c := p.rest[i]
		if c == '[' || c == ']' {
			bracket = c == '['
			continue
		}
		if !bracket && strings.IndexByte("./(){}", c) >= 0 || c <= ' ' || c > '~' {
			break
		}
	}
	word := p.rest[:i]
	p.rest = p.rest[i:]
	return word
}

func (p *parser) annotation() bool {
	i := strings.IndexByte(p.rest, '}')
	if i < 0 {
		return false
	}
	p.rest = p.rest[i+1:]
	return true
}

// simple reads a number or [prefix] atom [exponent].
func (p *parser) simple(word string) (Unit, bool) {
	if n, err := strconv.ParseInt(word, 10, 32); err == nil && n > 0 && word[0] != '+' {
		return Unit{factor: apd.New(n, 0)}, true
	}
	if u, ok := p.atom(word); ok {
		return u, true
	}
	end := len(word)
	for end > 0 && '0' <= word[end-1] && word[end-1] <= '9' {
		end--
	}
	if end == len(word) {
		return Unit{}, false
	}
	if end > 1 && (word[end-1] == '-' || word[end-1] == '+') {
		end--
	}
	n, err := strconv.Atoi(word[end:])
	u, ok := p.atom(word[:end])
	if err != nil || !ok {
		return Unit{}, false
	}
	return u.power(n)
}

func (p *parser) atom(code string) (Unit, bool) {
	p.t.resolve(code)
	if a, ok := p.t.atoms[code]; ok {
		return a.unit, true
	}
	for n := 1; n <= 2 && n < len(code); n++ {
		prefix, ok := p.t.prefixes[code[:n]]
		if !ok {
			continue
		}
		p.t.resolve(code[n:])
		if a, ok := p.t.atoms[code[n:]]; ok && a.metric {
			return a.unit.scaled(prefix), true
		}
	}
	return Unit{}, false
}
