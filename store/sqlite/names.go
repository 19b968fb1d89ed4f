package sqlite

import (
	"sync"

	"github.com/ncruces/go-sqlite3"

	"chartlake/search"
)

// names are the small numbers that stand for resource types, parameters, systems and units
// in index rows. They are read from the database, kept in memory, and only ever added to.
// Additions made inside a transaction become known to others when it is committed.
type names struct {
	mu      sync.RWMutex
	types   map[string]int64
	typeOf  map[int64]string
	params  map[paramKey]int64
	systems map[string]int64
	units   map[search.Unit]int64
}

// paramKey names an index: a parameter of a type, with a suffix for a second index of the
// same parameter (:identifier, :of-type).
type paramKey struct{ resourceType, code string }

func newNames() *names {
	return &names{types: map[string]int64{}, typeOf: map[int64]string{}, params: map[paramKey]int64{},
		systems: map[string]int64{}, units: map[search.Unit]int64{}}
}

// load reads what the database has; called on open, and when a number is met that another
// process has added.
func (n *names) load(c *conn) error {
	fresh := newNames()
	err := c.query(`SELECT t, name FROM type`, nil, func(s *sqlite3.Stmt) bool {
		fresh.types[s.ColumnText(1)] = s.ColumnInt64(0)
		fresh.typeOf[s.ColumnInt64(0)] = s.ColumnText(1)
		return true
	})
	if err == nil {
		err = c.query(`SELECT p, type, code FROM param`, nil, func(s *sqlite3.Stmt) bool {
			fresh.params[paramKey{s.ColumnText(1), s.ColumnText(2)}] = s.ColumnInt64(0)
			return true
		})
	}
	if err == nil {
		err = c.query(`SELECT s, url FROM system`, nil, func(s *sqlite3.Stmt) bool {
			fresh.systems[s.ColumnText(1)] = s.ColumnInt64(0)
			return true
		})
	}
	if err == nil {
		err = c.query(`SELECT u, system, code, text FROM unit`, nil, func(s *sqlite3.Stmt) bool {
			fresh.units[search.Unit{System: s.ColumnText(1), Code: s.ColumnText(2), Text: s.ColumnText(3)}] = s.ColumnInt64(0)
			return true
		})
	}
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.types, n.typeOf, n.params, n.systems, n.units = fresh.types, fresh.typeOf, fresh.params, fresh.systems, fresh.units
	return nil
}

// get reads a number; 0 when there is none in memory.
func get[K comparable](n *names, m *map[K]int64, key K) int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return (*m)[key]
}

func (n *names) typeName(t int64) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.typeOf[t]
}

// find gives a number for a reader: from memory, else from the snapshot, 0 when the snapshot
// has none, in which case no row can match.
func (n *names) find(c *conn, what string, args ...any) (int64, error) {
	sql := map[string]string{
		"type":   `SELECT t FROM type WHERE name=?`,
		"param":  `SELECT p FROM param WHERE type=? AND code=?`,
		"system": `SELECT s FROM system WHERE url=?`,
	}[what]
	v, _, err := c.one(sql, args...)
	return v, err
}

func (n *names) findType(c *conn, name string) (int64, error) {
	if v := get(n, &n.types, name); v != 0 {
		return v, nil
	}
	return n.find(c, "type", name)
}

func (n *names) findParam(c *conn, resourceType, code string) (int64, error) {
	if v := get(n, &n.params, paramKey{resourceType, code}); v != 0 {
		return v, nil
	}
	return n.find(c, "param", resourceType, code)
}

func (n *names) findSystem(c *conn, url string) (int64, error) {
	if v := get(n, &n.systems, url); v != 0 {
		return v, nil
	}
	return n.find(c, "system", url)
}

// adder gives numbers to the writer, adding rows inside its transaction. What it added stays
// its own until publish; forget drops it after a rollback.
type adder struct {
	n       *names
	c       *conn
	types   map[string]int64
	params  map[paramKey]int64
	systems map[string]int64
	units   map[search.Unit]int64
	multi   map[int64]bool // parameters known to have several values in some resource
}

func newAdder(n *names, c *conn) *adder {
	a := &adder{n: n, c: c}
	a.forget()
	return a
}

func (a *adder) forget() {
	a.types, a.params, a.systems, a.units = map[string]int64{}, map[paramKey]int64{}, map[string]int64{}, map[search.Unit]int64{}
	a.multi = map[int64]bool{}
}

// several notes that a resource has several values under a parameter.
func (a *adder) several(p int64) error {
	if a.multi[p] {
		return nil
	}
	a.multi[p] = true
	return a.c.exec(`UPDATE param SET multi=1 WHERE p=? AND multi=0`, p)
}

func (a *adder) publish() {
	if len(a.types)+len(a.params)+len(a.systems)+len(a.units) == 0 {
		return
	}
	a.n.mu.Lock()
	for k, v := range a.types {
		a.n.types[k], a.n.typeOf[v] = v, k
	}
	for k, v := range a.params {
		a.n.params[k] = v
	}
	for k, v := range a.systems {
		a.n.systems[k] = v
	}
	for k, v := range a.units {
		a.n.units[k] = v
	}
	a.n.mu.Unlock()
	multi := a.multi
	a.forget()
	a.multi = multi
}

// add inserts where there is no row and gives the number either way.
func add[K comparable](a *adder, shared *map[K]int64, own map[K]int64, key K, insert, find string, args ...any) (int64, error) {
	if v := get(a.n, shared, key); v != 0 {
		return v, nil
	}
	if v := own[key]; v != 0 {
		return v, nil
	}
	if err := a.c.exec(insert, args...); err != nil {
		return 0, err
	}
	v, _, err := a.c.one(find, args...)
	if err == nil {
		own[key] = v
	}
	return v, err
}

func (a *adder) typeNumber(name string) (int64, error) {
	return add(a, &a.n.types, a.types, name, `INSERT INTO type (name) VALUES (?) ON CONFLICT DO NOTHING`, `SELECT t FROM type WHERE name=?`, name)
}

func (a *adder) param(resourceType, code string) (int64, error) {
	return add(a, &a.n.params, a.params, paramKey{resourceType, code},
		`INSERT INTO param (type, code) VALUES (?, ?) ON CONFLICT DO NOTHING`, `SELECT p FROM param WHERE type=? AND code=?`, resourceType, code)
}

func (a *adder) system(url string) (int64, error) {
	return add(a, &a.n.systems, a.systems, url, `INSERT INTO system (url) VALUES (?) ON CONFLICT DO NOTHING`, `SELECT s FROM system WHERE url=?`, url)
}

func (a *adder) unit(u search.Unit) (int64, error) {
	return add(a, &a.n.units, a.units, u, `INSERT INTO unit (system, code, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		`SELECT u FROM unit WHERE system=? AND code=? AND text=?`, u.System, u.Code, u.Text)
}
