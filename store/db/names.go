package db

import (
	"maps"
	"sync"

	"chartlake/search"
)

// Names are the small numbers that stand for resource types, parameters, systems and units
// in index rows. They are read from the database, kept in memory, and only ever added to.
// Additions made inside a transaction become known to others when it is committed.
type Names struct {
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

// NewNames has no numbers yet; Load reads them.
func NewNames() *Names {
	return &Names{types: map[string]int64{}, typeOf: map[int64]string{}, params: map[paramKey]int64{},
		systems: map[string]int64{}, units: map[search.Unit]int64{}}
}

// Load reads what the database has; called on open, and when a number is met that another
// process has added.
func (n *Names) Load(c Conn) error {
	fresh := NewNames()
	err := c.Query(`SELECT t, name FROM type`, nil, func(s Row) bool {
		fresh.types[s.Text(1)] = s.Int(0)
		fresh.typeOf[s.Int(0)] = s.Text(1)
		return true
	})
	if err == nil {
		err = c.Query(`SELECT p, type, code FROM param`, nil, func(s Row) bool {
			fresh.params[paramKey{s.Text(1), s.Text(2)}] = s.Int(0)
			return true
		})
	}
	if err == nil {
		err = c.Query(`SELECT s, url FROM system`, nil, func(s Row) bool {
			fresh.systems[s.Text(1)] = s.Int(0)
			return true
		})
	}
	if err == nil {
		err = c.Query(`SELECT u, system, code, text FROM unit`, nil, func(s Row) bool {
			fresh.units[search.Unit{System: s.Text(1), Code: s.Text(2), Text: s.Text(3)}] = s.Int(0)
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
func get[K comparable](n *Names, m *map[K]int64, key K) int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return (*m)[key]
}

// TypeName gives a type's name from memory; empty when it is not known.
func (n *Names) TypeName(t int64) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.typeOf[t]
}

// find gives a number for a reader: from memory, else from the snapshot, 0 when the snapshot
// has none, in which case no row can match.
func (n *Names) find(c Conn, what string, args ...any) (int64, error) {
	sql := map[string]string{
		"type":   `SELECT t FROM type WHERE name=?`,
		"param":  `SELECT p FROM param WHERE type=? AND code=?`,
		"system": `SELECT s FROM system WHERE url=?`,
	}[what]
	v, _, err := One(c, sql, args...)
	return v, err
}

// FindType gives the number of a resource type; 0: nothing is stored under it.
func (n *Names) FindType(c Conn, name string) (int64, error) {
	if v := get(n, &n.types, name); v != 0 {
		return v, nil
	}
	return n.find(c, "type", name)
}

// FindParam gives the number of an index; 0: nothing has been indexed under it.
func (n *Names) FindParam(c Conn, resourceType, code string) (int64, error) {
	if v := get(n, &n.params, paramKey{resourceType, code}); v != 0 {
		return v, nil
	}
	return n.find(c, "param", resourceType, code)
}

// FindSystem gives the number of a code system; 0: no resource has a code of it.
func (n *Names) FindSystem(c Conn, url string) (int64, error) {
	if v := get(n, &n.systems, url); v != 0 {
		return v, nil
	}
	return n.find(c, "system", url)
}

// FindUnit gives the number of a unit; 0: no resource has a quantity in it.
func (n *Names) FindUnit(c Conn, u search.Unit) (int64, error) {
	if v := get(n, &n.units, u); v != 0 {
		return v, nil
	}
	v, _, err := One(c, `SELECT u FROM unit WHERE system=? AND code=? AND text=?`, u.System, u.Code, u.Text)
	return v, err
}

// numbers are additions that not everybody knows yet.
type numbers struct {
	types   map[string]int64
	params  map[paramKey]int64
	systems map[string]int64
	units   map[search.Unit]int64
}

func noNumbers() numbers {
	return numbers{map[string]int64{}, map[paramKey]int64{}, map[string]int64{}, map[search.Unit]int64{}}
}

// Adder gives numbers to the writer, adding rows inside its transaction. What one request
// added is its own until Keep, and the transaction's until Publish; Forget and Reset drop it
// after a rollback.
type Adder struct {
	n         *Names
	c         Conn
	own, kept numbers
	multi     map[int64]bool // parameters known to have several values in some resource
}

// NewAdder adds through c.
func NewAdder(n *Names, c Conn) *Adder {
	a := &Adder{n: n, c: c, multi: map[int64]bool{}}
	a.own, a.kept = noNumbers(), noNumbers()
	return a
}

// Keep makes the additions of a request those of the transaction.
func (a *Adder) Keep() { a.own.into(a.kept.types, a.kept.params, a.kept.systems, a.kept.units) }

// Forget drops the additions of a request that failed.
func (a *Adder) Forget() {
	a.own = noNumbers()
	clear(a.multi)
}

// Reset drops all that is not published.
func (a *Adder) Reset() {
	if a.own.any() || a.kept.any() {
		a.Forget()
		a.kept = noNumbers()
	}
}

// Publish makes the additions of a transaction known to all; it is committed.
func (a *Adder) Publish() {
	if !a.kept.any() {
		return
	}
	a.n.mu.Lock()
	for k, v := range a.kept.types {
		a.n.typeOf[v] = k
	}
	a.kept.into(a.n.types, a.n.params, a.n.systems, a.n.units)
	a.n.mu.Unlock()
}

func (n *numbers) any() bool { return len(n.types)+len(n.params)+len(n.systems)+len(n.units) > 0 }

// into moves the numbers to where they are kept from now on.
func (n *numbers) into(types map[string]int64, params map[paramKey]int64, systems map[string]int64, units map[search.Unit]int64) {
	if !n.any() {
		return
	}
	maps.Copy(types, n.types)
	maps.Copy(params, n.params)
	maps.Copy(systems, n.systems)
	maps.Copy(units, n.units)
	*n = noNumbers()
}

// Several notes that a resource has several values under a parameter.
func (a *Adder) Several(p int64) error {
	if a.multi[p] {
		return nil
	}
	a.multi[p] = true
	return a.c.Exec(`UPDATE param SET multi=1 WHERE p=? AND multi=0`, p)
}

// add inserts where there is no row and gives the number either way.
func add[K comparable](a *Adder, shared *map[K]int64, kept, own map[K]int64, key K, insert, find string, args ...any) (int64, error) {
	if v := get(a.n, shared, key); v != 0 {
		return v, nil
	}
	if v := kept[key]; v != 0 {
		return v, nil
	}
	if v := own[key]; v != 0 {
		return v, nil
	}
	if err := a.c.Exec(insert, args...); err != nil {
		return 0, err
	}
	v, _, err := One(a.c, find, args...)
	if err == nil {
		own[key] = v
	}
	return v, err
}

// Type gives the number of a resource type.
func (a *Adder) Type(name string) (int64, error) {
	return add(a, &a.n.types, a.kept.types, a.own.types, name,
		`INSERT INTO type (name) VALUES (?) ON CONFLICT DO NOTHING`, `SELECT t FROM type WHERE name=?`, name)
}

// Param gives the number of an index.
func (a *Adder) Param(resourceType, code string) (int64, error) {
	return add(a, &a.n.params, a.kept.params, a.own.params, paramKey{resourceType, code},
		`INSERT INTO param (type, code) VALUES (?, ?) ON CONFLICT DO NOTHING`, `SELECT p FROM param WHERE type=? AND code=?`, resourceType, code)
}

// System gives the number of a code system.
func (a *Adder) System(url string) (int64, error) {
	return add(a, &a.n.systems, a.kept.systems, a.own.systems, url,
		`INSERT INTO system (url) VALUES (?) ON CONFLICT DO NOTHING`, `SELECT s FROM system WHERE url=?`, url)
}

// Unit gives the number of a unit.
func (a *Adder) Unit(u search.Unit) (int64, error) {
	return add(a, &a.n.units, a.kept.units, a.own.units, u,
		`INSERT INTO unit (system, code, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		`SELECT u FROM unit WHERE system=? AND code=? AND text=?`, u.System, u.Code, u.Text)
}
