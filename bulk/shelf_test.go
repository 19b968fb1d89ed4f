package bulk_test

import (
	"path/filepath"
	"testing"

	"chartlake/bulk"
	"chartlake/bulk/bulktest"
)

func TestFolderIsAShelf(t *testing.T) {
	t.Parallel()
	bulktest.Shelf(t, bulk.Folder(filepath.Join(t.TempDir(), "not", "there")))
}
