package search

import "chartlake/fault"

// expanded reads :in, :not-in, :above and :below on a token: the values become the codes that
// they stand for. A code of a value set also matches an element of type code, which has no
// system in the resource.
func (p *parser) expanded(f Filter, value string) (Filter, error) {
	if p.terms == nil {
		return f, fault.New(fault.Invalid, "modifier_unsupported", "modifier %s on %s needs value sets, which there are none of here", f.Modifier, f.Param.Code)
	}
	for _, part := range splitEscaped(value, ',') {
		codes, err := p.codes(&f, part)
		if err != nil {
			return f, err
		}
		if p.expandedCodes += len(codes); p.expandedCodes > MaxExpanded {
			return f, fault.New(fault.TooLarge, "too_costly", "the value sets and hierarchies of the query have more than %d codes", MaxExpanded)
		}
		for _, c := range codes {
			f.Values = append(f.Values, Value{Prefix: EQ, Token: Token{System: c.System, Code: c.Code, HasSystem: true, HasCode: true}})
			if c.System != "" {
				f.Values = append(f.Values, Value{Prefix: EQ, Token: Token{Code: c.Code, HasSystem: true, HasCode: true}})
			}
		}
		p.all++
	}
	return f, p.checkCount(Filter{})
}

// codes lists what one alternative stands for.
func (p *parser) codes(f *Filter, part string) ([]IndexToken, error) {
	bad := fault.New(fault.Invalid, "bad_value", "%s:%s takes %s", f.Param.Code, f.Modifier,
		map[bool]string{true: "the URL of a value set", false: "system|code"}[f.Modifier == In || f.Modifier == NotIn])
	if len(part) > MaxText {
		return nil, bad
	}
	if f.Modifier == In || f.Modifier == NotIn {
		url := unescape(part)
		if url == "" {
			return nil, bad
		}
		return p.terms.Members(url)
	}
	v, err := p.token(Value{}, NoModifier, part, func(string) (Value, error) { return Value{}, bad })
	if err != nil {
		return nil, err
	}
	if v.Token.System == "" || !v.Token.HasCode {
		return nil, bad
	}
	if f.Modifier == Above {
		return p.terms.Above(IndexToken{v.Token.System, v.Token.Code})
	}
	return p.terms.Below(IndexToken{v.Token.System, v.Token.Code})
}
