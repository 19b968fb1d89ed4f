//go:build !duckdb

package sql_test

import (
	"strings"
	"testing"

	"chartlake/analytics/sql"
	"chartlake/fault"
)

// An endless question of this engine gives rows as it goes on.
func TestEndless(t *testing.T) {
	t.Parallel()
	forever := "with recursive r(i) as (select 1 union all select i+1 from r) select "
	for ask, code := range map[string]string{
		forever + "i from r":                            "sql_too_many_rows",
		forever + "printf('%.*c', 1000000, 'x') from r": "sql_too_large",
		"select x'Quimby'":                              "sql_invalid",
	} {
		_, err := sql.Ask(t.Context(), results(), ask, 0)
		if f := fault.As(err); f == nil || f.Code != code || strings.Contains(err.Error(), "Quimby") {
			t.Errorf("%.60s: %v, not %s", ask, err, code)
		}
	}
}
