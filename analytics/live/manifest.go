package live

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"chartlake/analytics"
	"chartlake/fault"
)

// Manifest is tables.json.
type Manifest struct {
	// Change is the store's change number up to which the tables tell.
	Change int64 `json:"change"`
	// Tables has the files of each table, as paths below the folder.
	Tables map[string][]File `json:"tables"`
	// Iceberg has the path of each table's Iceberg metadata; see package iceberg.
	Iceberg map[string]string `json:"iceberg"`
	// Definition changes when a table or its columns do: then all is made anew.
	Definition string `json:"definition"`
	// Store is a token of the store that only it can open.
	Store string `json:"store"`
	// Anchor is the newest version of a resource that was seen. A store that was set back to a backup
	// has another under its number, or none.
	Anchor *Anchor `json:"anchor,omitempty"`
}

// Anchor names a version by its place and its change number.
type Anchor struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Version int    `json:"version"`
	Change  int64  `json:"change"`
}

// File is a Parquet file of a table.
type File struct {
	Path  string `json:"path"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// manifestMax bounds tables.json.
const manifestMax = 16 << 20

func parseManifest(data []byte) (*Manifest, error) {
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, errDamaged()
	}
	for _, files := range m.Tables {
		for _, f := range files {
			if !below(f.Path) || f.Rows < 0 || f.Bytes < 0 {
				return nil, errDamaged()
			}
		}
	}
	for _, p := range m.Iceberg {
		if !below(p) || !strings.HasSuffix(p, icebergTable) {
			return nil, errDamaged()
		}
	}
	return m, nil
}

// below reports a path that stays within the folder.
func below(p string) bool {
	return p == path.Clean(p) && !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "..")
}

func errDamaged() error {
	return fault.New(fault.Corrupt, "tables_damaged", "tables.json cannot be read; remove the folder, it is made anew")
}

// definition is a digest of what the tables are made by.
func definition(tables []analytics.Table) string {
	h := sha256.New()
	fmt.Fprintln(h, "layout 2")
	for _, t := range tables {
		fmt.Fprintf(h, "%s %v %s\n", t.Name, t.Columns, t.Definition())
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
