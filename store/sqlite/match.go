package sqlite

import (
	"strings"

	"chartlake/search"
)

// pair is a token as the index holds it: the code's hash and the system's number.
type pair struct{ c, s int64 }

// tokens compiles token values under a parameter number into exact pairs; systems alone are
// given apart.
func (p *planner) tokens(values []search.Value, number int64) (pairs []pair, systems []int64, err error) {
	for i := range values {
		t := &values[i].Token
		system := int64(0)
		if t.HasSystem && t.System != "" {
			if system, err = p.v.s.names.findSystem(p.v.c, t.System); err != nil {
				return nil, nil, sqlFault(err)
			}
			if system == 0 {
				continue // no resource has a code of this system
			}
		}
		switch {
		case !t.HasCode:
			systems = append(systems, system)
		case t.HasSystem:
			pairs = append(pairs, pair{p.v.s.keys.codeHash(t.System, t.Code), system})
		default:
			for _, c := range []int64{p.v.s.keys.hash(domainFoldCode, search.FoldCode(t.Code)), p.v.s.keys.hash(domainCode, t.Code)} {
				found, err := p.distinct(10_000, `SELECT min(s) FROM token WHERE p=? AND c=? AND s>?`, number, c)
				if err != nil {
					return nil, nil, err
				}
				for _, s := range found {
					pairs = append(pairs, pair{c, s})
				}
			}
		}
	}
	return pairs, systems, nil
}

// tokenSet is all resources with one of the pairs or one of the systems.
func tokenSet(number int64, pairs []pair, systems []int64) frag {
	var sets []frag
	for _, t := range pairs {
		sets = append(sets, sqlf(`SELECT rid FROM token WHERE p=? AND c=? AND s=?`, number, t.c, t.s))
	}
	for _, s := range systems {
		sets = append(sets, sqlf(`SELECT rid FROM token WHERE p=? AND s=?`, number, s))
	}
	return union(sets)
}

// manyPairs is where one set is cheaper than a seek per pair and resource.
const manyPairs = 16

func (p *planner) tokenCond(values []search.Value, number int64) (cond, error) {
	pairs, systems, err := p.tokens(values, number)
	if err != nil {
		return cond{}, err
	}
	set := tokenSet(number, pairs, systems)
	c := cond{set: set, ordered: len(pairs) <= 1 && len(systems) == 0, test: inSet(set)}
	if len(systems) == 0 && len(pairs) <= manyPairs {
		c.test = func(r string) frag {
			if len(pairs) == 0 {
				return never
			}
			var tests []frag
			for _, t := range pairs {
				tests = append(tests, sqlf(`EXISTS (SELECT 1 FROM token WHERE p=? AND c=? AND s=? AND rid=`+r+`)`, number, t.c, t.s))
			}
			return join(` OR `, tests...).wrap(`(`, `)`)
		}
	}
	return c, nil
}

func (p *planner) token(resourceType string, f *search.Filter, number int64) (cond, error) {
	if f.Modifier == search.OfType {
		sub, err := p.param(resourceType, f.Param.Code+subOfType)
		if err != nil {
			return cond{}, err
		}
		var pairs []pair
		for _, v := range f.Values {
			pairs = append(pairs, pair{p.v.s.keys.ofType(v.Token.TypeSystem, v.Token.TypeCode, v.Token.Code), 0})
		}
		set := tokenSet(sub, pairs, nil)
		return cond{set: set, ordered: len(pairs) == 1, test: inSet(set)}, nil
	}
	c, err := p.tokenCond(f.Values, number)
	if f.Modifier == search.Not {
		// Resources without the element match as well; there is no set to start from.
		c = cond{test: not(c.test)}
	}
	return c, err
}

// targets finds the numbers of what a reference value may point to.
func (p *planner) targets(f *search.Filter) ([]int64, error) {
	var list []int64
	add := func(typ, id string) error {
		t, err := p.v.s.names.findType(p.v.c, typ)
		if err != nil {
			return sqlFault(err)
		}
		rid, ok, err := p.v.c.one(`SELECT rid FROM resource WHERE type=? AND id=?`, t, storedID(id))
		if ok {
			list = append(list, rid)
		}
		return sqlFault(err)
	}
	for _, v := range f.Values {
		var err error
		switch {
		case v.Ref.URL != "":
			if f.Target == "" {
				list = append(list, p.v.s.keys.foreign(v.Ref))
			}
		case v.Ref.Type != "":
			if f.Target == "" || f.Target == v.Ref.Type {
				err = add(v.Ref.Type, v.Ref.ID)
			}
		case f.Target != "":
			err = add(f.Target, v.Ref.ID)
		default:
			for _, t := range f.Param.Targets {
				if err == nil {
					err = add(t, v.Ref.ID)
				}
			}
			// A canonical may be any text.
			list = append(list, p.v.s.keys.foreign(search.Reference{URL: v.Ref.ID}))
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (p *planner) reference(resourceType string, f *search.Filter, number int64) (cond, error) {
	if f.Modifier == search.Identifier {
		sub, err := p.param(resourceType, f.Param.Code+subIdentifier)
		if err != nil {
			return cond{}, err
		}
		return p.tokenCond(f.Values, sub)
	}
	targets, err := p.targets(f)
	if err != nil {
		return cond{}, err
	}
	list := in(targets)
	c := cond{set: join("", sqlf(`SELECT rid FROM reference WHERE p=? AND target IN `, number), list), ordered: len(targets) <= 1}
	if len(targets) > manyPairs {
		c.test = inSet(c.set)
		return c, nil
	}
	c.test = func(r string) frag {
		return join("", sqlf(`EXISTS (SELECT 1 FROM reference WHERE p=? AND target IN `, number), list, sqlf(` AND rid=`+r+`)`))
	}
	return c, nil
}

// after is larger than every text that begins with s.
func after(s string) string { return s + "\xff" }

func (p *planner) text(f *search.Filter, number int64) cond {
	var sets, tests []frag
	testable := true
	for _, v := range f.Values {
		key, long := stringKey(v.Text)
		switch {
		case f.Modifier == search.Exact:
			testable = false
			sets = append(sets, sqlf(`SELECT rid FROM string WHERE p=? AND v=? AND h=?`, number, key, p.v.s.keys.hash(domainExact, v.Text)))
		case f.Modifier == search.Contains:
			testable = false
			folded := search.Fold(v.Text)
			sets = append(sets, sqlf(`SELECT rid FROM string WHERE p=? AND instr(v,?)>0`, number, folded),
				sqlf(`SELECT rid FROM string_long WHERE p=? AND instr(v,?)>0`, number, folded))
		case long != "":
			testable = false
			sets = append(sets, sqlf(`SELECT rid FROM string_long WHERE p=? AND v>=? AND v<?`, number, long, after(long)))
		default:
			sets = append(sets, sqlf(`SELECT rid FROM string WHERE p=? AND v>=? AND v<?`, number, key, after(key)))
			tests = append(tests, sqlf(`lo>=? AND lo<?`, key, after(key)))
		}
	}
	c := cond{set: union(sets)}
	c.test = inSet(c.set)
	if testable {
		c.test = forwardTest(number, tests)
	}
	return c
}

func (p *planner) uri(f *search.Filter, number int64) cond {
	var sets []frag
	for _, v := range f.Values {
		switch f.Modifier {
		case search.Below:
			sets = append(sets, sqlf(`SELECT rid FROM uri WHERE p=? AND v>=? AND v<?`, number, v.Text, after(v.Text)))
		case search.Above:
			sets = append(sets, sqlf(`SELECT rid FROM uri WHERE p=? AND v=?`, number, v.Text))
			for i := len(v.Text) - 1; i > 0; i-- {
				if v.Text[i] == '/' {
					sets = append(sets, sqlf(`SELECT rid FROM uri WHERE p=? AND v=?`, number, v.Text[:i]),
						sqlf(`SELECT rid FROM uri WHERE p=? AND v=?`, number, v.Text[:i+1]))
				}
			}
		default:
			sets = append(sets, sqlf(`SELECT rid FROM uri WHERE p=? AND v=?`, number, v.Text))
		}
	}
	c := cond{set: union(sets), ordered: len(sets) == 1 && f.Modifier == search.NoModifier}
	c.test = inSet(c.set)
	return c
}

// composite compiles each alternative into one range of the composite's key.
func (p *planner) composite(f *search.Filter, number int64) (cond, error) {
	var sets []frag
	for i := range f.Values {
		set, err := p.compositeValue(f, &f.Values[i], number)
		if err != nil {
			return cond{}, err
		}
		if set.sql != "" {
			sets = append(sets, set)
		}
	}
	set := union(sets)
	return cond{set: set, test: inSet(set)}, nil
}

func (p *planner) compositeValue(f *search.Filter, v *search.Value, number int64) (frag, error) {
	first, err := p.discrete(f.Param.Components[0].Param, &v.Parts[0], "a", "b")
	if err != nil || first.sql == "" {
		return frag{}, err
	}
	param, part := f.Param.Components[1].Param, &v.Parts[1]
	second := sqlf(`1`)
	switch param.Kind {
	case search.KindDate:
		second = dateTest(part, "lo", "(lo+hi)")
	case search.KindNumber:
		second = numberTest(part, "lo", "hi")
	case search.KindQuantity:
		second = numberTest(part, "lo", "hi")
		if !part.Unit.Any() {
			units, err := p.units(part.Unit)
			if err != nil {
				return frag{}, err
			}
			second = join("", sqlf(`k IN `), in(units), sqlf(` AND `), second)
		}
	case search.KindString:
		key, _ := stringKey(part.Text)
		second = sqlf(`lo>=? AND lo<?`, key, after(key))
	default:
		if second, err = p.discrete(param, part, "k", "lo"); err != nil || second.sql == "" {
			return frag{}, err
		}
	}
	out := join(` AND `, sqlf(`SELECT rid FROM composite WHERE p=?`, number), first, second)
	if len(v.Parts) == 3 {
		out = join(` AND `, out, orderedTest(&v.Parts[2]))
	}
	return out, nil
}

// orderedTest compares a number that stands as 8 sortable bytes.
func orderedTest(v *search.Value) frag {
	n := v.Number
	switch v.Prefix {
	case search.NE:
		return sqlf(`(rest<? OR rest>=?)`, ordered(n.Lo), ordered(n.Hi))
	case search.GT, search.SA:
		return sqlf(`rest>?`, ordered(n.Exact))
	case search.LT, search.EB:
		return sqlf(`rest<?`, ordered(n.Exact))
	case search.GE:
		return sqlf(`rest>=?`, ordered(n.Exact))
	case search.LE:
		return sqlf(`rest<=?`, ordered(n.Exact))
	}
	return sqlf(`rest>=? AND rest<?`, ordered(n.Lo), ordered(n.Hi))
}

// discrete compiles a part that is compared by equality; empty when nothing can match.
func (p *planner) discrete(param *search.Param, v *search.Value, a, b string) (frag, error) {
	k := p.v.s.keys
	switch param.Kind {
	case search.KindToken:
		t := &v.Token
		system := int64(0)
		if t.System != "" {
			var err error
			if system, err = p.v.s.names.findSystem(p.v.c, t.System); err != nil || system == 0 {
				return frag{}, sqlFault(err)
			}
		}
		switch {
		case !t.HasCode:
			return sqlf(b+`=?`, system), nil
		case t.HasSystem:
			return sqlf(a+`=? AND `+b+`=?`, k.codeHash(t.System, t.Code), system), nil
		}
		return sqlf(a+` IN (?,?)`, k.hash(domainFoldCode, search.FoldCode(t.Code)), k.hash(domainCode, t.Code)), nil
	case search.KindReference:
		f := search.Filter{Param: param, Values: []search.Value{*v}}
		targets, err := p.targets(&f)
		return in(targets).wrap(a+` IN `, ``), err
	}
	return sqlf(a+`=?`, k.hash(domainComposite, strings.ToLower(v.Text))), nil
}
