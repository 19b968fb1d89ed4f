package definition

import (
	_ "embed"
	"sync"

	"github.com/klauspost/compress/zstd"
)

//go:embed conformance.zst
var packedConformance []byte

// Conformance gives the profiles, extensions, value sets and code systems of R4 as resources
// in JSON, one a line after its type and URL, with tabs between them, without what only people read: StructureDefinitions have their
// differential, no snapshot. Of SNOMED CT and CPT there are no codes; a value set that lists
// some has a filter on the property "withheld" in their place. The first call unpacks them.
//
// This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief
// Institute, Inc. and the LOINC Committee and is available at no cost under the license at
// http://loinc.org/license.
func Conformance() string { return conformanceText() }

var conformanceText = sync.OnceValue(func() string {
	return unpack(packedConformance)
})

func unpack(data []byte) string {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		panic("definition: " + err.Error())
	}
	defer dec.Close()
	text, err := dec.DecodeAll(data, nil)
	if err != nil {
		panic("definition: the embedded file is damaged: " + err.Error())
	}
	return string(text)
}
