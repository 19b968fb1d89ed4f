package plan

import (
	"slices"

	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Chains and _has over canonical references (R4 §2.3.0.1): they name a resource by its url, and
// perhaps by its version, and not by its id. The index has a hash of each; which version is
// meant is read in the resources. A reference without a version means every version that is here.

// byURL reports whether resources of a type have canonical URLs.
func (p *Planner) byURL(resourceType string) bool {
	url := p.Catalogue.Param(resourceType, "url")
	return url != nil && url.Kind == search.KindURI && !url.Private // that of a Subscription is an address
}

// overURL reports whether a chain may lead over canonical references.
func (p *Planner) overURL(f *search.Filter) bool {
	return slices.ContainsFunc(f.Chain, func(l search.Link) bool { return p.byURL(l.Type) })
}

// namesURLs reports whether any resource refers by a parameter to what is not local.
func (p *Planner) namesURLs(number int64) (bool, error) {
	_, some, err := db.One(p.Conn, `SELECT 1 FROM reference WHERE p=? AND target<0 LIMIT 1`, number)
	return some, err
}

// versions are the versions of a url; the empty one is that of references and resources without.
type versions map[string]bool

// canonicals collects urls and their versions.
type canonicals map[string]versions

func (c canonicals) add(url, version string) {
	if url == "" {
		return
	}
	if c[url] == nil {
		c[url] = versions{}
	}
	c[url][version] = true
}

// chainByURL gives the resources that refer by a parameter to the url of a member of a set; others
// are conditions that must hold as well.
func (p *Planner) chainByURL(resourceType string, f *search.Filter, link *search.Link, set db.Frag, others []cond) ([]int64, error) {
	number, err := p.param(resourceType, f.Param.IndexName())
	if err != nil || !p.byURL(link.Type) {
		return nil, err
	}
	if some, err := p.namesURLs(number); err != nil || !some {
		return nil, err
	}
	urls, err := p.urlsOf(set, f.Code)
	if err != nil || len(urls) == 0 {
		return nil, err
	}
	return p.referrers(f.Param, number, urls, others)
}

// urlsOf reads the members of a set.
func (p *Planner) urlsOf(set db.Frag, what string) (canonicals, error) {
	rids, err := p.few(set, what)
	if err != nil {
		return nil, err
	}
	urls := canonicals{}
	err = p.Read(rids, func(_ int64, res *fhir.Node) error {
		urls.add(res.Str("url"), res.Str("version"))
		return nil
	})
	return urls, err
}

// referrers gives the resources that refer by a parameter to one of these; others leave fewer to
// read.
func (p *Planner) referrers(by *search.Param, number int64, urls canonicals, others []cond) ([]int64, error) {
	var targets []int64
	for url := range urls {
		targets = append(targets, index.Foreign(p.Keys, search.Reference{URL: url}))
	}
	named := p.Conn.List(targets)
	from := db.Join("", db.SQL(`SELECT x.rid FROM (`), named, db.SQL(`) i CROSS JOIN reference x ON x.p=? AND x.target=i.rid`, number))
	if err := p.measure(others); err != nil {
		return nil, err
	}
	if d := smallest(others); d >= 0 && others[d].size < countLimit {
		from = db.Join("", db.SQL(`SELECT d.rid FROM (`), others[d].set, db.SQL(`) d WHERE EXISTS (SELECT 1 FROM reference x WHERE x.p=? AND x.rid=d.rid AND x.target IN (`, number), named, db.SQL(`)`+db.Seek+`)`))
	}
	rids, err := p.few(from, by.Code)
	if err != nil {
		return nil, err
	}
	var found []int64
	err = p.Read(rids, func(rid int64, res *fhir.Node) error {
		values, err := p.Catalogue.ExtractOne(res, p.Base, by.IndexName())
		if slices.ContainsFunc(values, func(v search.IndexValue) bool {
			here := urls[v.Ref.URL]
			return here != nil && (v.Ref.Version == "" || here[v.Ref.Version])
		}) {
			found = append(found, rid)
		}
		return err
	})
	return found, err
}

// referredByURL gives the resources of a type that members of a set refer to by their url.
func (p *Planner) referredByURL(resourceType string, by *search.Param, number int64, set db.Frag) ([]int64, error) {
	if !p.byURL(resourceType) {
		return nil, nil
	}
	if some, err := p.namesURLs(number); err != nil || !some {
		return nil, err
	}
	rids, err := p.few(db.Join("", db.SQL(`SELECT x.rid FROM reference x WHERE x.p=? AND x.target<0 AND x.rid IN (`, number), set, db.SQL(`)`+db.Once)), "_has")
	if err != nil {
		return nil, err
	}
	urls := canonicals{}
	err = p.Read(rids, func(_ int64, res *fhir.Node) error {
		values, err := p.Catalogue.ExtractOne(res, p.Base, by.IndexName())
		for i := range values {
			urls.add(values[i].Ref.URL, values[i].Ref.Version)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	own, err := p.param(resourceType, p.Catalogue.Param(resourceType, "url").IndexName())
	if err != nil {
		return nil, err
	}
	var sets []db.Frag
	for url := range urls {
		sets = append(sets, db.SQL(`SELECT rid FROM uri WHERE p=? AND v=?`, own, index.URIKey(p.Keys, url)))
	}
	if rids, err = p.few(union(sets), "_has"); err != nil {
		return nil, err
	}
	var found []int64
	err = p.Read(rids, func(rid int64, res *fhir.Node) error {
		if asked := urls[res.Str("url")]; asked[""] || asked[res.Str("version")] && res.Str("version") != "" {
			found = append(found, rid)
		}
		return nil
	})
	return found, err
}
