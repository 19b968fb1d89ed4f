package fhirpath

import (
	"slices"

	"chartlake/fault"
)

type nodeKind uint8

const (
	nodeLiteral  nodeKind = iota // value
	nodeEmpty                    // {}
	nodeName                     // text: member or, first in a path, a type
	nodeCall                     // text: function; left: what stands before the dot or nil; args
	nodePath                     // left . right
	nodeIndex                    // left [ right ]
	nodeUnary                    // text left
	nodeBinary                   // left text right
	nodeType                     // left is|as type (text: operator, typeName)
	nodeSpecial                  // $this, $index, $total
	nodeExternal                 // %name
)

// node is a node of the syntax tree.
type node struct {
	kind        nodeKind
	text        string
	pos         int
	value       Value
	left, right *node
	args        []*node
	typeName    string
}

type parser struct {
	lex   lexer
	tok   token
	depth int
}

func parse(src string) (*node, error) {
	if len(src) > MaxExpression {
		return nil, fault.New(fault.Invalid, "fhirpath_limit", "the FHIRPath expression has %d bytes, %d are allowed", len(src), MaxExpression)
	}
	p := &parser{lex: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, syntaxError(p.tok.pos, "%q is not expected here", p.tok.text)
	}
	return n, nil
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) isSymbol(s string) bool { return p.tok.kind == tokSymbol && p.tok.text == s }

func (p *parser) expect(s string) error {
	if !p.isSymbol(s) {
		return syntaxError(p.tok.pos, "%q is missing", s)
	}
	return p.advance()
}

// Operators from loose to tight, http://hl7.org/fhirpath/#operator-precedence.
var binary = [][]string{
	{"implies"}, {"or", "xor"}, {"and"}, {"in", "contains"}, {"=", "~", "!=", "!~"},
	{"<", "<=", ">", ">="}, {"|"}, {"is", "as"}, {"+", "-", "&"}, {"*", "/", "div", "mod"},
}

// level gives the precedence of the current token as a binary operator, -1 when it is none.
func (p *parser) level() int {
	if p.tok.quoted || p.tok.kind != tokSymbol && p.tok.kind != tokName {
		return -1
	}
	return slices.IndexFunc(binary, func(ops []string) bool { return slices.Contains(ops, p.tok.text) })
}

func (p *parser) enter() error {
	if p.depth++; p.depth > MaxNesting {
		return fault.New(fault.Invalid, "fhirpath_limit", "the FHIRPath expression is nested deeper than %d", MaxNesting)
	}
	return nil
}

// expression reads operators of at least the given level; all are left-associative.
func (p *parser) expression(min int) (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for {
		level := p.level()
		if level < min || level < 0 {
			return left, nil
		}
		op := p.tok
		if err := p.advance(); err != nil {
			return nil, err
		}
		if op.text == "is" || op.text == "as" {
			name, err := p.typeName()
			if err != nil {
				return nil, err
			}
			left = &node{kind: nodeType, text: op.text, pos: op.pos, left: left, typeName: name}
			continue
		}
		right, err := p.expression(level + 1)
		if err != nil {
			return nil, err
		}
		left = &node{kind: nodeBinary, text: op.text, pos: op.pos, left: left, right: right}
	}
}

func (p *parser) typeName() (string, error) {
	name, err := p.name()
	if err != nil {
		return "", err
	}
	if p.isSymbol(".") {
		if err := p.advance(); err != nil {
			return "", err
		}
		second, err := p.name()
		return name + "." + second, err
	}
	return name, nil
}

func (p *parser) name() (string, error) {
	if p.tok.kind != tokName {
		return "", syntaxError(p.tok.pos, "a name is missing")
	}
	name := p.tok.text
	return name, p.advance()
}

func (p *parser) unary() (*node, error) {
	if !p.isSymbol("-") && !p.isSymbol("+") {
		return p.postfix()
	}
	op := p.tok
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	operand, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &node{kind: nodeUnary, text: op.text, pos: op.pos, left: operand}, nil
}

// postfix reads a term with its invocations and indexers.
func (p *parser) postfix() (*node, error) {
	n, err := p.term()
	if err != nil {
		return nil, err
	}
	for {
		pos := p.tok.pos
		switch {
		case p.isSymbol("."):
			if err := p.advance(); err != nil {
				return nil, err
			}
			right, err := p.invocation()
			if err != nil {
				return nil, err
			}
			n = &node{kind: nodePath, pos: pos, left: n, right: right}
		case p.isSymbol("["):
			if err := p.advance(); err != nil {
				return nil, err
			}
			index, err := p.expression(0)
			if err != nil {
				return nil, err
			}
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			n = &node{kind: nodeIndex, pos: pos, left: n, right: index}
		default:
			return n, nil
		}
	}
}

// invocation reads a member, a function call or $this, $index, $total.
func (p *parser) invocation() (*node, error) {
	t := p.tok
	if t.kind != tokName && t.kind != tokSpecial {
		return nil, syntaxError(t.pos, "a member or function is missing")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if t.kind == tokSpecial {
		if t.text != "this" && t.text != "index" && t.text != "total" {
			return nil, syntaxError(t.pos, "$ begins $this, $index or $total")
		}
		return &node{kind: nodeSpecial, text: t.text, pos: t.pos}, nil
	}
	if !p.isSymbol("(") {
		return &node{kind: nodeName, text: t.text, pos: t.pos}, nil
	}
	args, err := p.arguments()
	return &node{kind: nodeCall, text: t.text, pos: t.pos, args: args}, err
}

func (p *parser) arguments() ([]*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	var args []*node
	for !p.isSymbol(")") {
		if len(args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		arg, err := p.sortKey()
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, p.advance()
}

// sortKey reads an argument, which in sort() may be followed by asc or desc.
func (p *parser) sortKey() (*node, error) {
	arg, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind == tokName && (p.tok.text == "asc" || p.tok.text == "desc") {
		arg = &node{kind: nodeUnary, text: p.tok.text, pos: p.tok.pos, left: arg}
		return arg, p.advance()
	}
	return arg, nil
}

func (p *parser) term() (*node, error) {
	t := p.tok
	switch {
	case p.isSymbol("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	case p.isSymbol("{"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &node{kind: nodeEmpty, pos: t.pos}, p.expect("}")
	case t.kind == tokName && !t.quoted && (t.text == "true" || t.text == "false"):
		return p.literal(boolean(t.text == "true"))
	case t.kind == tokString:
		return p.literal(stringValue(t.text))
	case t.kind == tokNumber:
		return p.number()
	case t.kind == tokDate || t.kind == tokTime:
		v, ok := parseLiteral(t)
		if !ok {
			return nil, syntaxError(t.pos, "not a date or time")
		}
		return p.literal(v)
	case t.kind == tokExternal:
		return &node{kind: nodeExternal, text: t.text, pos: t.pos}, p.advance()
	}
	return p.invocation()
}

func (p *parser) literal(v Value) (*node, error) {
	n := &node{kind: nodeLiteral, value: v, pos: p.tok.pos}
	return n, p.advance()
}

// number reads a number or, when a unit follows, a quantity.
func (p *parser) number() (*node, error) {
	t := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	v, ok := parseNumber(t.text)
	if !ok {
		return nil, syntaxError(t.pos, "the number is out of range")
	}
	unit, calendar := "", false
	switch {
	case p.tok.kind == tokString:
		unit = p.tok.text
	case p.tok.kind == tokName && !p.tok.quoted && calendarUnits[p.tok.text] != "":
		unit, calendar = calendarUnits[p.tok.text], true
	default:
		return &node{kind: nodeLiteral, value: v, pos: t.pos}, nil
	}
	d, _ := v.decimal()
	q := system(quantity{value: d, unit: unit, calendar: calendar})
	return &node{kind: nodeLiteral, value: q, pos: t.pos}, p.advance()
}
