package live

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"chartlake/analytics/iceberg"
)

// Endings of the files that describe a table as Iceberg has it.
const (
	icebergTable = ".metadata.json"
	icebergList  = "-list.avro"
	icebergData  = "-files.avro"
)

// icebergFiles are the files of a table's metadata.
func icebergFiles(table string) []string {
	base := strings.TrimSuffix(table, icebergTable)
	return []string{table, base + icebergList, base + icebergData}
}

// describe writes Iceberg metadata of the tables whose files change, and names that of the others.
func (f *Follower) describe(ctx context.Context, next *Manifest) error {
	next.Iceberg = map[string]string{}
	for _, t := range f.tables {
		files := next.Tables[t.Name]
		if was := f.at.Iceberg[t.Name]; was != "" && slices.Equal(files, f.at.Tables[t.Name]) {
			next.Iceberg[t.Name] = was
			continue
		}
		state := iceberg.Table{UUID: uuid(next.Store, t.Name), Location: f.place.URI(t.Name), Columns: t.Columns, Sequence: next.Change, At: time.Now()}
		for _, file := range files {
			state.Files = append(state.Files, iceberg.File{URI: f.place.URI(file.Path), Rows: file.Rows, Bytes: file.Bytes})
		}
		names := icebergFiles(fmt.Sprintf("%s/metadata/%012d-%s%s", t.Name, next.Change, rand.Text()[:8], icebergTable))
		m, err := state.Write(f.place.URI(names[2]), f.place.URI(names[1]))
		if err != nil {
			return err
		}
		for i, data := range [][]byte{m.Table, m.List, m.Files} {
			if err := f.write(ctx, names[i], data); err != nil {
				return err
			}
		}
		next.Iceberg[t.Name] = names[0]
	}
	return nil
}

// write makes a small file durable.
func (f *Follower) write(ctx context.Context, name string, data []byte) error {
	m, err := f.place.Create(ctx, name)
	if err != nil {
		return err
	}
	defer m.Abort()
	if _, err := m.Write(data); err != nil {
		return err
	}
	return m.Close()
}

// uuid names a table of these files for as long as they are not made anew (RFC 9562, version 8).
func uuid(store, table string) string {
	b := sha256.Sum256([]byte(store + "\x00" + table))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
