package plan

import (
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// pair is a token as the index holds it: the code's hash and the system's number.
type pair struct{ c, s int64 }

// tokens compiles token values under a parameter number into exact pairs; systems alone are
// given apart.
func (p *Planner) tokens(values []search.Value, number int64) (pairs []pair, systems []int64, err error) {
	for i := range values {
		t := &values[i].Token
		system := int64(0)
		if t.HasSystem && t.System != "" {
			if system, err = p.Names.FindSystem(p.Conn, t.System); err != nil {
				return nil, nil, err
			}
			if system == 0 {
				continue // no resource has a code of this system
			}
		}
		switch {
		case !t.HasCode:
			systems = append(systems, system)
		case t.HasSystem:
			pairs = append(pairs, pair{index.Code(p.Keys, t.System, t.Code), system})
		default:
			for _, c := range index.AnyCode(p.Keys, t.Code) {
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
func tokenSet(number int64, pairs []pair, systems []int64) db.Frag {
	var sets []db.Frag
	for _, t := range pairs {
		sets = append(sets, db.SQL(`SELECT rid FROM token WHERE p=? AND c=? AND s=?`, number, t.c, t.s))
	}
	for _, s := range systems {
		sets = append(sets, db.SQL(`SELECT rid FROM token WHERE p=? AND s=?`, number, s))
	}
	return union(sets)
}

// somePairs is how many codes are searched without asking which of them are there; mostPairs
// is how many codes that are there one condition may have.
const (
	somePairs = 100
	mostPairs = 3_000
)

// present leaves the pairs that some resource has under the parameter: of the codes of a large
// value set most are not there.
func (p *Planner) present(pairs []pair, number int64) ([]pair, error) {
	var out []pair
	for some := range slices.Chunk(pairs, 500) {
		values := make([]db.Frag, len(some))
		for i, t := range some {
			values[i] = db.SQL(`(?,?)`, t.c, t.s)
		}
		q := db.Join(`,`, values...).Wrap(`SELECT x.column1, x.column2 FROM (VALUES `, `) x WHERE EXISTS (SELECT 1 FROM token WHERE p=? AND c=x.column1 AND s=x.column2`+db.Seek+`)`)
		err := p.Conn.Query(q.Text, append(q.Args, number), func(r db.Row) bool {
			out = append(out, pair{r.Int(0), r.Int(1)})
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) > mostPairs {
		return nil, fault.New(fault.TooLarge, "too_costly", "more than %d codes of the value set or hierarchy are in use here", mostPairs)
	}
	return out, nil
}

// manyPairs is where one set is cheaper than a seek per pair and resource.
const manyPairs = 16

func (p *Planner) tokenCond(values []search.Value, number int64) (cond, error) {
	pairs, systems, err := p.tokens(values, number)
	if err == nil && len(pairs) > somePairs {
		pairs, err = p.present(pairs, number)
	}
	if err != nil {
		return cond{}, err
	}
	set := tokenSet(number, pairs, systems)
	c := cond{set: set, ordered: len(pairs) <= 1 && len(systems) == 0, test: inSet(set)}
	if len(systems) == 0 && len(pairs) <= manyPairs {
		c.test = func(r string) db.Frag {
			if len(pairs) == 0 {
				return db.Never
			}
			var tests []db.Frag
			for _, t := range pairs {
				tests = append(tests, exists(db.SQL(`token WHERE p=? AND c=? AND s=? AND rid=`+r, number, t.c, t.s)))
			}
			return db.Join(` OR `, tests...).Wrap(`(`, `)`)
		}
	}
	return c, nil
}

func (p *Planner) token(resourceType string, f *search.Filter, number int64) (cond, error) {
	if f.Modifier == search.OfType {
		sub, err := p.param(resourceType, f.Param.IndexName()+index.SubOfType)
		if err != nil {
			return cond{}, err
		}
		var pairs []pair
		for _, v := range f.Values {
			pairs = append(pairs, pair{index.OfType(p.Keys, v.Token.TypeSystem, v.Token.TypeCode, v.Token.Code), 0})
		}
		set := tokenSet(sub, pairs, nil)
		return cond{set: set, ordered: len(pairs) == 1, test: inSet(set)}, nil
	}
	c, err := p.tokenCond(f.Values, number)
	if f.Modifier.Excludes() {
		// Resources without the element match as well; there is no set to start from.
		c = cond{test: not(c.test)}
	}
	return c, err
}

// targets finds the numbers of what a reference value may point to.
func (p *Planner) targets(f *search.Filter) ([]int64, error) {
	var list []int64
	add := func(typ, id string) error {
		t, err := p.Names.FindType(p.Conn, typ)
		if err != nil {
			return err
		}
		rid, ok, err := db.One(p.Conn, `SELECT rid FROM resource WHERE type=? AND id=?`, t, p.Conn.ID(id))
		if ok {
			list = append(list, rid)
		}
		return err
	}
	for _, v := range f.Values {
		var err error
		switch {
		case v.Ref.URL != "":
			if f.Target == "" {
				list = append(list, index.Foreign(p.Keys, v.Ref))
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
			list = append(list, index.Foreign(p.Keys, search.Reference{URL: v.Ref.ID}))
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (p *Planner) reference(resourceType string, f *search.Filter, number int64) (cond, error) {
	if f.Modifier == search.Identifier {
		sub, err := p.param(resourceType, f.Param.IndexName()+index.SubIdentifier)
		if err != nil {
			return cond{}, err
		}
		return p.tokenCond(f.Values, sub)
	}
	targets, err := p.targets(f)
	if err == nil && (f.Modifier == search.Above || f.Modifier == search.Below) {
		targets, err = p.hierarchy(f, targets)
	}
	if err != nil {
		return cond{}, err
	}
	list := db.In(targets)
	c := cond{set: db.Join("", db.SQL(`SELECT rid FROM reference WHERE p=? AND target IN `, number), list), ordered: len(targets) <= 1}
	if len(targets) > manyPairs {
		c.test = inSet(c.set)
		return c, nil
	}
	c.test = func(r string) db.Frag {
		return exists(db.Join("", db.SQL(`reference WHERE p=? AND target IN `, number), list, db.SQL(` AND rid=`+r)))
	}
	return c, nil
}

// after is larger than every text that begins with s: the last code point, which is none of
// Unicode's characters, sorts behind all others byte by byte.
func after(s string) string { return s + "\U0010FFFF" }

func (p *Planner) text(f *search.Filter, number int64) cond {
	var sets, tests []db.Frag
	testable := true
	for _, v := range f.Values {
		key, long := index.StringKey(v.Text)
		switch {
		case f.Modifier == search.Exact:
			testable = false
			sets = append(sets, db.SQL(`SELECT rid FROM string WHERE p=? AND v=? AND h=?`, number, key, index.Exact(p.Keys, v.Text)))
		case f.Modifier == search.Contains:
			testable = false
			folded := search.Fold(v.Text)
			sets = append(sets, db.SQL(`SELECT rid FROM string WHERE p=? AND instr(v,?)>0`, number, folded),
				db.SQL(`SELECT rid FROM string_long WHERE p=? AND instr(v,?)>0`, number, folded))
		case long != "":
			testable = false
			sets = append(sets, db.SQL(`SELECT rid FROM string_long WHERE p=? AND v>=? AND v<?`, number, long, after(long)))
		default:
			sets = append(sets, db.SQL(`SELECT rid FROM string WHERE p=? AND v>=? AND v<?`, number, key, after(key)))
			tests = append(tests, db.SQL(`f.lo>=? AND f.lo<?`, key, after(key)))
		}
	}
	c := cond{set: union(sets)}
	c.test = inSet(c.set)
	if testable {
		c.test = p.forwardTest(search.KindString, number, tests)
	}
	return c
}

// uri compares uris as they are written. What lies below or above a URL is decided by whole
// segments of its path; other uris have nothing below or above them (R4 §3.1.1.4.16).
func (p *Planner) uri(f *search.Filter, number int64) (cond, error) {
	var sets []db.Frag
	is := func(uri string) {
		sets = append(sets, db.SQL(`SELECT rid FROM uri WHERE p=? AND v=?`, number, index.URIKey(p.Keys, uri)))
	}
	for _, v := range f.Values {
		is(v.Text)
		from := strings.Index(v.Text, "://") + len("://")
		if from < len("://") {
			continue
		}
		switch f.Modifier {
		case search.Below:
			top := strings.TrimSuffix(v.Text, "/") + "/"
			if len(top) > index.URIHead {
				return cond{}, fault.New(fault.TooLarge, "value_too_long", "%s:below takes URLs of up to %d bytes", f.Code, index.URIHead-1)
			}
			sets = append(sets, db.SQL(`SELECT rid FROM uri WHERE p=? AND v>=? AND v<?`, number, top, after(top)))
		case search.Above:
			for i := from; i < len(v.Text); i++ {
				if v.Text[i] == '/' {
					is(v.Text[:i])
					is(v.Text[:i+1])
				}
			}
		}
	}
	c := cond{set: union(sets), ordered: len(sets) == 1 && f.Modifier != search.Below}
	c.test = inSet(c.set)
	return c, nil
}

// compositeTable is where the values of a composite stand, by the kind of its second part.
func (p *Planner) compositeTable(param *search.Param) string {
	return p.Conn.Table("composite", param.Components[1].Param.Kind)
}

// composite compiles each alternative into one range of the composite's key.
func (p *Planner) composite(f *search.Filter, number int64) (cond, error) {
	var sets []db.Frag
	for i := range f.Values {
		set, err := p.compositeValue(f, &f.Values[i], number)
		if err != nil {
			return cond{}, err
		}
		if set.Text != "" {
			sets = append(sets, set)
		}
	}
	set := union(sets)
	return cond{set: set, test: inSet(set)}, nil
}

func (p *Planner) compositeValue(f *search.Filter, v *search.Value, number int64) (db.Frag, error) {
	first, err := p.discrete(f.Param.Components[0].Param, &v.Parts[0], "a", "b")
	if err != nil || first.Text == "" {
		return db.Frag{}, err
	}
	param, part := f.Param.Components[1].Param, &v.Parts[1]
	var second db.Frag
	switch param.Kind {
	case search.KindDate:
		second = dateTest(part, "lo", "(lo+hi)")
	case search.KindNumber:
		second = numberTest(part, "lo", "hi")
	case search.KindQuantity:
		if second, err = p.quantityPart(part); err != nil {
			return db.Frag{}, err
		}
	case search.KindString:
		if p.private(param) {
			return p.openedPart(f.Param, part, number, first)
		}
		key, _ := index.StringKey(part.Text)
		second = db.SQL(`lo>=? AND lo<?`, key, after(key))
	default:
		if second, err = p.discrete(param, part, "k", "lo"); err != nil || second.Text == "" {
			return db.Frag{}, err
		}
	}
	out := db.Join(` AND `, db.SQL(`SELECT rid FROM `+p.compositeTable(f.Param)+` WHERE p=?`, number), first, second)
	if len(v.Parts) == 3 {
		out = db.Join(` AND `, out, orderedTest(&v.Parts[2]))
	}
	return out, nil
}

// orderedTest compares a number that stands as 8 sortable bytes.
func orderedTest(v *search.Value) db.Frag {
	n := v.Number
	switch v.Prefix {
	case search.NE:
		return db.SQL(`(rest<? OR rest>=?)`, index.Ordered(n.Lo), index.Ordered(n.Hi))
	case search.GT, search.SA:
		return db.SQL(`rest>?`, index.Ordered(n.Exact))
	case search.LT, search.EB:
		return db.SQL(`rest<?`, index.Ordered(n.Exact))
	case search.GE:
		return db.SQL(`rest>=?`, index.Ordered(n.Exact))
	case search.LE:
		return db.SQL(`rest<=?`, index.Ordered(n.Exact))
	}
	return db.SQL(`rest>=? AND rest<?`, index.Ordered(n.Lo), index.Ordered(n.Hi))
}

// discrete compiles a part that is compared by equality; empty when nothing can match.
func (p *Planner) discrete(param *search.Param, v *search.Value, a, b string) (db.Frag, error) {
	k := p.Keys
	switch param.Kind {
	case search.KindToken:
		t := &v.Token
		system := int64(0)
		if t.System != "" {
			var err error
			if system, err = p.Names.FindSystem(p.Conn, t.System); err != nil || system == 0 {
				return db.Frag{}, err
			}
		}
		switch {
		case !t.HasCode:
			return db.SQL(b+`=?`, system), nil
		case t.HasSystem:
			return db.SQL(a+`=? AND `+b+`=?`, index.Code(k, t.System, t.Code), system), nil
		}
		any := index.AnyCode(k, t.Code)
		return db.SQL(a+` IN (?,?)`, any[0], any[1]), nil
	case search.KindReference:
		f := search.Filter{Param: param, Values: []search.Value{*v}}
		targets, err := p.targets(&f)
		return db.In(targets).Wrap(a+` IN `, ``), err
	}
	return db.SQL(a+`=?`, index.Lower(k, v.Text)), nil
}
