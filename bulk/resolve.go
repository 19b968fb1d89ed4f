package bulk

import (
	"context"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/search"
	"chartlake/store"
)

// Conditional references (http://hl7.org/fhir/R4/http.html#trules) stand in the NDJSON of many
// senders, beside resources that they are to. They are resolved before the transaction, so that
// its resources can be prepared side by side.

func unresolved() error {
	return fault.New(fault.Precondition, "conditional_reference", "a conditional reference matches no resource")
}

// criteriaOf gives the criteria of a conditional reference, "" where n is none.
func criteriaOf(n *fhir.Node) string {
	if n.Kind() != fhir.Object {
		return ""
	}
	text := n.Str("reference")
	typ, raw, ok := strings.Cut(text, "?")
	if !ok || raw == "" || definition.R4().ResourceType(typ) == nil {
		return ""
	}
	return text
}

// conditional reports whether a resource has a conditional reference.
func conditional(res *fhir.Node) (found bool) {
	res.Walk(func(n *fhir.Node) bool {
		found = found || criteriaOf(n) != ""
		return !found
	})
	return found
}

// resolve puts references to resources in the place of conditional ones. pending says that one
// matches nothing yet; missing are criteria that are known to. One that matches several is an error.
func (l *loading) resolve(ctx context.Context, res *fhir.Node, missing map[string]bool) (pending bool, err error) {
	res.Walk(func(n *fhir.Node) bool {
		text := criteriaOf(n)
		if text == "" || err != nil {
			return err == nil
		}
		key, known := l.resolved.Load(text)
		if !known && !missing[text] {
			var found string
			if found, err = l.match(ctx, text); found != "" {
				key, known = found, true
				l.resolved.Store(text, found)
			}
		}
		if name, ok := key.(string); known && ok {
			n.Set("reference", fhir.NewString(name))
		} else {
			missing[text], pending = true, true
		}
		return err == nil
	})
	return pending, err
}

// match searches for what a conditional reference is to, as the import's owner.
func (l *loading) match(ctx context.Context, text string) (found string, err error) {
	typ, raw, _ := strings.Cut(text, "?")
	err = l.d.Store.View(ctx, l.task.Owner, func(v store.View) error {
		catalogue, err := v.Parameters()
		if err != nil {
			return err
		}
		q, err := search.Criteria(typ, raw, search.Options{Now: l.d.Now(), Catalogue: catalogue})
		if err != nil {
			return err
		}
		q.Count, q.CountSet = 2, true
		page, err := v.Search(q)
		if err != nil {
			return err
		}
		switch len(page.Matches) {
		case 0:
		case 1:
			found = page.Matches[0].Key.String()
		default:
			return fault.New(fault.Precondition, "conditional_reference", "a conditional reference matches more than one resource")
		}
		return nil
	})
	return found, err
}
