package iceberg

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
)

// avro writes an Avro object container file of one block without a codec (Apache Avro 1.11 specification,
// "Object Container Files"): what Iceberg's manifests are. Only what they need is here.
type avro struct{ bytes.Buffer }

func (a *avro) long(n int64) {
	var b [binary.MaxVarintLen64]byte
	a.Write(b[:binary.PutVarint(b[:], n)]) // Avro's zig-zag is Go's
}

func (a *avro) text(s string) {
	a.long(int64(len(s)))
	a.WriteString(s)
}

// some is the second branch of a union with null.
func (a *avro) some(n int64) {
	a.long(1)
	a.long(n)
}

// container makes the file: its schema and other metadata, then the rows, which are written already.
func container(schema any, about [][2]string, count int, rows []byte) ([]byte, error) {
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	about = append([][2]string{{"avro.schema", string(text)}, {"avro.codec", "null"}}, about...)
	sum := sha256.Sum256(rows)
	sync := sum[:16]
	a := &avro{}
	a.WriteString("Obj\x01")
	a.long(int64(len(about)))
	for _, kv := range about {
		a.text(kv[0])
		a.text(kv[1])
	}
	a.long(0)
	a.Write(sync)
	if count > 0 {
		a.long(int64(count))
		a.long(int64(len(rows)))
		a.Write(rows)
		a.Write(sync)
	}
	return a.Bytes(), nil
}

// field is a field of an Avro record with the number that Iceberg gives it.
type field struct {
	Name string `json:"name"`
	Type any    `json:"type"`
	ID   int    `json:"field-id"`
}

type record struct {
	Type   string  `json:"type"`
	Name   string  `json:"name"`
	Fields []field `json:"fields"`
}

func structure(name string, fields ...field) record {
	if fields == nil {
		fields = []field{}
	}
	return record{"record", name, fields}
}

var optional = []string{"null", "long"}
