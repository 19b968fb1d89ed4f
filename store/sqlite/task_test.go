package sqlite_test

import (
	"testing"

	"chartlake/store"
	"chartlake/store/storetest"
)

func TestTasks(t *testing.T) {
	t.Parallel()
	storetest.Tasks(t, func(t testing.TB) store.Store { return open(t) })
}
