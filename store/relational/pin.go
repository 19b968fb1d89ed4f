package relational

import (
	"strconv"
	"strings"

	"chartlake/fhir"
	"chartlake/store"
)

// versionSpecific marks a reference that the transaction turns into one to the version that
// is current at its end. Source: HL7 extension resolve-as-version-specific.
const versionSpecific = "http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific"

// pins reports whether a resource holds such a reference.
func pins(n *fhir.Node) bool {
	found := false
	n.Walk(func(n *fhir.Node) bool {
		found = found || marked(n) >= 0
		return !found
	})
	return found
}

// marked gives the place of the mark among the extensions of a reference, -1 where it has none.
func marked(n *fhir.Node) int {
	if n.Kind() != fhir.Object || n.Get("reference").Kind() != fhir.String {
		return -1
	}
	for i, e := range n.Get("extension").Items() {
		if e.Str("url") == versionSpecific && e.Get("valueBoolean").True() {
			return i
		}
	}
	return -1
}

// pinned gives a copy of a resource in which every marked reference names the version that
// its target has now: written by an earlier command of this transaction, or stored before.
// A target that does not exist is left as it is, with its mark.
func (t *turn) pinned(res *fhir.Node, links map[string]string) (*fhir.Node, error) {
	res = res.Clone()
	var failed error
	res.Walk(func(n *fhir.Node) bool {
		i := marked(n)
		if i < 0 || failed != nil {
			return failed == nil
		}
		ref := n.Str("reference")
		if to, ok := links[ref]; ok {
			ref = to
		}
		version, err := t.versionOf(ref)
		if err != nil {
			failed = err
			return false
		}
		if version > 0 {
			n.Set("reference", fhir.NewString(ref+"/_history/"+strconv.Itoa(version)))
			extensions := append([]*fhir.Node(nil), n.Get("extension").Items()...)
			extensions = append(extensions[:i], extensions[i+1:]...)
			if len(extensions) == 0 {
				n.Delete("extension")
			} else {
				n.Set("extension", fhir.NewArray(extensions...))
			}
		}
		return true
	})
	return res, failed
}

// versionOf is the version of Type/id as this transaction leaves it so far; 0: there is none.
func (t *turn) versionOf(ref string) (int, error) {
	typ, id, ok := strings.Cut(ref, "/")
	if !ok || strings.Contains(id, "/") || !t.s.Catalogue.Knows(typ) {
		return 0, nil
	}
	key := store.Key{Type: typ, ID: id}
	if version, ok := t.versions[key]; ok {
		return version, nil
	}
	row, err := t.seen(key)
	if err != nil || !row.live() {
		return 0, err
	}
	return int(row.version), nil
}
