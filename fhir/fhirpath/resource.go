package fhirpath

import (
	"strings"
	"time"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

func extension(args []step) step {
	return func(r *run, in []Value) []Value {
		url, ok := r.text(args[0](r, r.scope.this))
		if !ok || url == "" {
			return nil
		}
		var out []Value
		for _, v := range in {
			out = append(out, extensions(v, url)...)
		}
		return out
	}
}

// resolved is resolve(): see WithResolve.
func (r *run) resolved(in []Value) []Value {
	var out []Value
	for _, v := range in {
		if !r.tick(1) {
			return nil
		}
		ref, typ := v.Text(), ""
		if v.Is("Reference") {
			ref, typ = v.node.Str("reference"), v.node.Str("type")
		} else if v.typ == nil {
			ref, _ = v.str()
		}
		if found, ok := r.target(ref, typ); ok {
			out = append(out, found)
		}
	}
	return out
}

func (r *run) target(ref, typ string) (Value, bool) {
	if ref != "" {
		if local, ok := strings.CutPrefix(ref, "#"); ok {
			return r.contained(local)
		}
		if v, ok := r.entry(ref); ok {
			return v, true
		}
		if r.resolve != nil {
			if v, ok := resourceValue(r.resolve(ref)); ok {
				return v, true
			}
		}
		if t, id, ok := SplitReference(ref); ok {
			return resourceValue(fhir.NewObject("resourceType", t, "id", id))
		}
	}
	if typ != "" {
		return resourceValue(fhir.NewObject("resourceType", typ))
	}
	return Value{}, false
}

// contained finds #id; an empty id is the resource itself.
func (r *run) contained(id string) (Value, bool) {
	for _, n := range []*fhir.Node{r.root.node, r.top} {
		if n == nil {
			continue
		}
		if id == "" {
			return resourceValue(n)
		}
		for _, c := range n.Get("contained").Items() {
			if c.ID() == id {
				return resourceValue(c)
			}
		}
	}
	return Value{}, false
}

// entry finds a resource of the same Bundle by its fullUrl or, for a relative reference,
// by type and id.
func (r *run) entry(ref string) (Value, bool) {
	bundle := r.top
	if bundle == nil {
		bundle = r.root.node
	}
	if bundle.Type() != "Bundle" {
		return Value{}, false
	}
	t, id, relative := SplitReference(ref)
	relative = relative && ref == t+"/"+id
	for _, e := range bundle.Get("entry").Items() {
		if !r.tick(1) {
			return Value{}, false
		}
		res := e.Get("resource")
		if e.Str("fullUrl") == ref || relative && res.Type() == t && res.ID() == id {
			return resourceValue(res)
		}
	}
	return Value{}, false
}

// SplitReference reads the type and id of a literal reference: Patient/1, Patient/1/_history/2,
// or an absolute URL that ends so. ok is false for others.
func SplitReference(ref string) (resourceType, id string, ok bool) {
	if i := strings.IndexAny(ref, "?#|"); i >= 0 {
		ref = ref[:i]
	}
	parts := strings.Split(ref, "/")
	if n := len(parts); n >= 4 && parts[n-2] == "_history" {
		parts = parts[:n-2]
	}
	n := len(parts)
	if n < 2 || parts[n-1] == "" || definition.R4().ResourceType(parts[n-2]) == nil {
		return "", "", false
	}
	return parts[n-2], parts[n-1], true
}

func trace(args []step) step {
	return func(r *run, in []Value) []Value {
		if r.trace == nil {
			return in
		}
		name, ok := r.text(args[0](r, r.scope.this))
		if !ok {
			return nil
		}
		shown := in
		if len(args) == 2 {
			shown = selectItems(args[1:])(r, in)
		}
		r.trace(name, shown)
		return in
	}
}

// defineVariable binds %name for what follows it.
func defineVariable(args []step) step {
	return func(r *run, in []Value) []Value {
		name, ok := r.text(args[0](r, r.scope.this))
		if !ok || name == "" {
			return r.fail("defineVariable() takes a name")
		}
		_, taken := r.variables[name]
		for v := r.scope.vars; v != nil; v = v.next {
			taken = taken || v.name == name
		}
		switch name {
		case "context", "resource", "rootResource", "ucum", "sct", "loinc":
			taken = true
		}
		if taken {
			return r.fail("a variable of this name is defined already")
		}
		value := in
		if len(args) == 2 {
			saved := r.scope
			r.scope.this = in
			value = args[1](r, in)
			r.scope = saved
		}
		r.scope.vars = &variable{name, value, r.scope.vars}
		return in
	}
}

// conformsTo answers for the profiles that are the types themselves; for others WithConforms
// does.
func conformsTo(args []step) step {
	return func(r *run, in []Value) []Value {
		v, ok := r.single(in)
		url, okURL := r.text(args[0](r, r.scope.this))
		if !ok || !okURL {
			return nil
		}
		name, base := strings.CutPrefix(url, "http://hl7.org/fhir/StructureDefinition/")
		if !base || definition.R4().Type(name) == nil {
			if r.conforms != nil {
				if is, known := r.conforms(v, url); known {
					return truth(is)
				}
			}
			return r.fail("conformsTo() does not know the profile")
		}
		return truth(v.Is(name))
	}
}

func memberOf(args []step) step {
	return func(r *run, in []Value) []Value {
		v, ok := r.single(in)
		set, okSet := r.text(args[0](r, r.scope.this))
		if !ok || !okSet || r.memberOf == nil {
			return nil
		}
		return verdict(r.memberOf(v, set))
	}
}

func now(t time.Time) Temporal {
	out := today(t)
	out.Hour, out.Minute, out.Second, out.Nanos, out.Digits = t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1e6*1e6, 3
	_, offset := t.Zone()
	out.Precision, out.HasZone, out.Zone, out.dateTime = Second, true, offset/60, true
	return out
}

func today(t time.Time) Temporal {
	return Temporal{Year: t.Year(), Month: int(t.Month()), Day: t.Day(), Precision: Day}
}

func timeOfDay(t time.Time) Temporal {
	out := now(t)
	return Temporal{Hour: out.Hour, Minute: out.Minute, Second: out.Second, Nanos: out.Nanos, Digits: 3, Precision: Second, clock: true}
}
