package rest

import (
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
	"chartlake/fhir/validate"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// maxStored is how many profiles, value sets and code systems of the store one validation
// brings in.
const maxStored = 200

// knowledge gives a validation what the store has: resources that are referred to, and the
// profiles, value sets and code systems that the library lacks. Only what the caller may
// read is given.
type knowledge struct {
	server *server
	call   *call
	view   store.View
	may    map[string]bool
}

func (k *knowledge) mayRead(typ string) bool {
	ok, asked := k.may[typ]
	if !asked {
		_, err := k.server.Actor(k.call.http, smart.Read, typ)
		if ok = err == nil; k.may == nil {
			k.may = map[string]bool{}
		}
		k.may[typ] = ok
	}
	return ok
}

// resolve gives the resource that a reference names, or the questionnaire of a canonical URL.
func (k *knowledge) resolve(ref string) *fhir.Node {
	local := strings.TrimPrefix(ref, k.server.Base+"/")
	if typ, id, ok := fhirpath.SplitReference(local); ok && local == typ+"/"+id {
		if !k.mayRead(typ) {
			return nil
		}
		if v, err := k.view.Read(store.Key{Type: typ, ID: id}); err == nil {
			return v.Resource
		}
		return nil
	}
	return k.canonical("Questionnaire", ref)
}

// canonical finds a resource of the store by its canonical URL.
func (k *knowledge) canonical(typ, url string) *fhir.Node {
	bare, version, versioned := strings.Cut(url, "|")
	if !k.mayRead(typ) || !strings.Contains(bare, ":") {
		return nil
	}
	pairs := []search.Pair{{Name: "url", Value: escaped(bare)}, {Name: "_count", Value: "1"}}
	if versioned {
		pairs = append(pairs, search.Pair{Name: "version", Value: escaped(version)})
	}
	q, err := search.Parse(typ, pairs, search.Options{Base: k.server.Base, Now: k.server.Now()})
	if err != nil {
		return nil
	}
	page, err := k.view.Search(q)
	if err != nil || len(page.Matches) == 0 {
		return nil
	}
	return page.Matches[0].Resource
}

// escaped writes a value so that search takes it as one
// (http://hl7.org/fhir/R4/search.html#escaping).
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`).Replace(s)
}

// library is what the server knows of profiles, value sets and code systems.
func (s *server) library() *validate.Library {
	if s.Library != nil {
		return s.Library
	}
	return validate.Core()
}

// library is the server's, with the profiles that it lacks and what these stand on, as far as
// the store has them.
func (k *knowledge) library(profiles []string) *validate.Library {
	base := k.server.library()
	var found []*fhir.Node
	seen := map[string]bool{}
	var wanted []validate.Canonical
	for _, url := range profiles {
		wanted = append(wanted, validate.Canonical{Kind: "StructureDefinition", URL: url})
	}
	for len(wanted) > 0 && len(seen) < maxStored {
		next := wanted[0]
		wanted = wanted[1:]
		if seen[next.Kind+next.URL] || base.Has(next) {
			continue
		}
		seen[next.Kind+next.URL] = true
		if n := k.canonical(next.Kind, next.URL); n != nil {
			found = append(found, n)
			wanted = append(wanted, validate.Needs(n)...)
		}
	}
	if len(found) == 0 {
		return base
	}
	return base.With(found...)
}
