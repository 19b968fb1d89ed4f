package cloudformation

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"chartlake/analytics"
	"chartlake/analytics/sheet"
)

const (
	tablesBegin = "  # ---- the tables' columns: written by `go test ./deploy/cloudformation -update` ------------------------------------\n"
	tablesEnd   = "  # ---- end of the tables' columns ---------------------------------------------------------------------------------\n"
)

// TestTables: the tables of the template have the columns of the files that `chartlake export`
// writes, with their names, order and types.
func TestTables(t *testing.T) {
	t.Parallel()
	text, _ := read(t)
	before, rest, ok := strings.Cut(text, tablesBegin)
	have, after, ok2 := strings.Cut(rest, tablesEnd)
	if !ok || !ok2 {
		t.Fatal("the template has no place for the tables")
	}
	var want strings.Builder
	for _, table := range analytics.Tables() {
		fmt.Fprintf(&want, `  %sTable:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Database
      TableInput:
        Name: %s
        TableType: EXTERNAL_TABLE
        Parameters: {classification: parquet}
        StorageDescriptor:
          Location: !Sub "s3://${Tables}/tables/%s/"
          InputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat
          OutputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat
          SerdeInfo: {SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe}
          Columns:
%s`, resourceName(table.Name), table.Name, table.Name, columns(t, table))
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+tablesBegin+want.String()+tablesEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want.String() {
		t.Error("the tables of the template are not those of chartlake export; run with -update")
	}
}

// resourceName is a table's name as a resource's: remittance_adjustments is RemittanceAdjustments.
func resourceName(table string) string { return camel(strings.ReplaceAll(table, "_", "-")) }

// columns are those of a file of the table, as Athena names their types.
func columns(t *testing.T, table analytics.Table) string {
	t.Helper()
	var b bytes.Buffer
	w, err := sheet.New("parquet", table.Columns, &b)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[parquet.Kind]string{parquet.Boolean: "boolean", parquet.Int64: "bigint", parquet.Double: "double", parquet.ByteArray: "string"}
	var out strings.Builder
	var order []string
	for _, field := range f.Root().Columns() {
		kind := kinds[field.Type().Kind()]
		if kind == "" {
			t.Fatalf("%s.%s: no type for %s", table.Name, field.Name(), field.Type())
		}
		if field.Repeated() {
			kind = "array<" + kind + ">"
		}
		order = append(order, field.Name())
		fmt.Fprintf(&out, "            - {Name: %s, Type: %s}\n", field.Name(), quotedKind(kind))
	}
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
	if !slices.Equal(order, names) {
		t.Fatalf("%s: columns %v, want %v", table.Name, order, names)
	}
	return out.String()
}

func quotedKind(kind string) string {
	if strings.Contains(kind, "<") {
		return `"` + kind + `"`
	}
	return kind
}
