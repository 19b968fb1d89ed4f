package sqlite

import "testing"

// Harm changes the database behind the store's back.
func Harm(t testing.TB, s *Store, sql string, args ...any) {
	t.Helper()
	if _, err := s.db.Exec(sql, args...); err != nil {
		t.Fatal(err)
	}
}
