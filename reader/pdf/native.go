package pdf

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"reflect"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
)

// native calls PDFium's functions for the characters and objects of a page by their addresses
// in the instance. go-pdfium keeps a reference for each object that it hands out, takes memory
// for each number that it gets back, and extracts the text anew for each call that gives more
// than one character; a page needs ten thousand calls. Its own way is taken for all else.
//
// Failures of the engine are kept in err: look at it after a run of calls, before their
// results are used for more than to go on.
type native struct {
	implementation reflect.Value // *PdfiumImplementation of an internal package of go-pdfium
	memory         interface {
		Read(offset, byteCount uint32) ([]byte, bool)
	}
	functions [functionCount]caller
	stack     [8]uint64
	out       uint64 // address of outSize bytes for results
	chars     []glyph
	err       error
}

type caller interface {
	CallWithStack(ctx context.Context, stack []uint64) error
}

// function is one of PDFium's exported functions.
type function int

const (
	malloc function = iota
	textLoad
	textClose
	textCount
	textUnicode
	textBox
	textWeight
	textSize
	textFont
	textMatrix
	textColour
	textObject
	pageCount
	pageObject
	objectType
	objectBounds
	objectMatrix
	objectFill
	objectStroke
	objectStrokeWidth
	objectMode
	imageSize
	formCount
	formObject
	pathMode
	pathCount
	pathSegment
	segmentType
	segmentPoint
	segmentClose
	functionCount
)

var functionNames = [functionCount]string{"malloc", "FPDFText_LoadPage", "FPDFText_ClosePage", "FPDFText_CountChars",
	"FPDFText_GetUnicode", "FPDFText_GetCharBox", "FPDFText_GetFontWeight", "FPDFText_GetFontSize",
	"FPDFText_GetFontInfo", "FPDFText_GetMatrix", "FPDFText_GetFillColor", "FPDFText_GetTextObject",
	"FPDFPage_CountObjects", "FPDFPage_GetObject", "FPDFPageObj_GetType", "FPDFPageObj_GetBounds", "FPDFPageObj_GetMatrix",
	"FPDFPageObj_GetFillColor", "FPDFPageObj_GetStrokeColor", "FPDFPageObj_GetStrokeWidth", "FPDFTextObj_GetTextRenderMode",
	"FPDFImageObj_GetImagePixelSize", "FPDFFormObj_CountObjects", "FPDFFormObj_GetObject",
	"FPDFPath_GetDrawMode", "FPDFPath_CountSegments", "FPDFPath_GetPathSegment",
	"FPDFPathSegment_GetType", "FPDFPathSegment_GetPoint", "FPDFPathSegment_GetClose"}

// outSize is the space for results: four doubles, or the name of a font, of which the longest
// in ISO 32000-1 annex C have 127 bytes.
const outSize = 256

var errNative = errors.New("the PDF engine's module is not as expected")

// newNative finds the functions and the memory of an instance. go-pdfium does not hand them out
// by type, so they are looked up by name; every test of this package fails where a new release
// has changed them.
func newNative(instance pdfium.Pdfium) (n *native, err error) {
	defer func() {
		if recover() != nil {
			n, err = nil, errNative
		}
	}()
	n = &native{implementation: reflect.ValueOf(instance.GetImplementation())}
	memory := n.implementation.Elem().FieldByName("Module").MethodByName("Memory").Call(nil)[0].Interface()
	var ok bool
	if n.memory, ok = memory.(interface {
		Read(offset, byteCount uint32) ([]byte, bool)
	}); !ok {
		return nil, errNative
	}
	find := n.implementation.MethodByName("Fn")
	for i, name := range functionNames {
		if n.functions[i], ok = find.Call([]reflect.Value{reflect.ValueOf(name)})[0].Interface().(caller); !ok {
			return nil, errNative
		}
	}
	if n.out = n.call(malloc, outSize); n.out == 0 {
		return nil, errNative
	}
	return n, n.err
}

// page is the address of a page that go-pdfium has loaded, 0 where it has not.
func (n *native) page(ref references.FPDF_PAGE) uint64 {
	handle := n.implementation.Elem().FieldByName("pageRefs").MapIndex(reflect.ValueOf(ref))
	if !handle.IsValid() {
		return 0
	}
	return handle.Elem().FieldByName("handle").Elem().Uint()
}

// call gives the result as PDFium's bits; 0 after a failure.
func (n *native) call(f function, parameters ...uint64) uint64 {
	if n.err != nil {
		return 0
	}
	copy(n.stack[:], parameters)
	if err := n.functions[f].CallWithStack(context.Background(), n.stack[:]); err != nil {
		n.err = err
		return 0
	}
	return n.stack[0]
}

// int is call for functions that give an int.
func (n *native) int(f function, parameters ...uint64) int {
	return int(int32(n.call(f, parameters...)))
}

// read is a view of the results that a function has written.
func (n *native) read(size uint32) []byte {
	b, ok := n.memory.Read(uint32(n.out), size)
	if !ok {
		n.err = errNative
		return make([]byte, size)
	}
	return b
}

func (n *native) doubles() (v [4]float64) {
	b := n.read(32)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v
}

func (n *native) floats() (v [6]float64) {
	b := n.read(24)
	for i := range v {
		v[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	}
	return v
}

func (n *native) uints() (v [4]uint) {
	b := n.read(16)
	for i := range v {
		v[i] = uint(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v
}

// at is the address of result number i of so many bytes each.
func (n *native) at(i, size uint64) uint64 { return n.out + i*size }

// colour calls one of the functions that give red, green, blue and alpha.
func (n *native) colour(f function, parameters ...uint64) (v [4]uint, ok bool) {
	for i := range uint64(4) {
		parameters = append(parameters, n.at(i, 4))
	}
	if n.int(f, parameters...) == 0 {
		return v, false
	}
	return n.uints(), true
}

// matrixOf calls one of the functions that give a matrix.
func (n *native) matrixOf(f function, parameters ...uint64) (matrix, bool) {
	if n.int(f, append(parameters, n.out)...) == 0 {
		return identity, false
	}
	v := n.floats()
	return matrix{v[0], v[1], v[2], v[3], v[4], v[5]}, true
}
