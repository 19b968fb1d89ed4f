// Package document is the vocabulary of what pages say: a Document is what the reader
// makes of one file, before anybody asks what the words mean. It holds words, lines,
// fields, tables and marks, each with its place on the page and a confidence.
//
// Boxes are fractions of the upright page: origin top left, x right, y down, all four
// numbers within [0,1]. The upright page is the picture that Chartlake shows, after EXIF
// orientation and after the turn named by Page.Rotation; skew is not taken out of it, so a
// box found on a deskewed copy is mapped back before it is stored here.
//
// The package does no I/O and imports nothing of Chartlake.
package document

// Document is everything read from one file. It is immutable once the reader returned it.
type Document struct {
	SHA256    string `json:"sha256"`     // lower-case hex of the file's bytes
	MediaType string `json:"media_type"` // by content, not by name: application/pdf, image/tiff, image/jpeg, image/png
	Pages     []Page `json:"pages"`      // all pages of the file, in order; a failed page is present with Failed set
}

// Source says where a page's words came from.
type Source string

const (
	SourceText Source = "text" // the PDF's own text layer (or AcroForm values)
	SourceOCR  Source = "ocr"  // optical character recognition of the picture
)

// Page is one page. Width and Height are the upright page's size in pixels at DPI
// (for a PDF: the size it would have at 72 dpi, so PDF points, unless it was rendered).
type Page struct {
	Number     int      `json:"page"` // from 1
	Width      float64  `json:"width"`
	Height     float64  `json:"height"`
	DPI        float64  `json:"dpi,omitempty"`
	Source     Source   `json:"source,omitempty"`
	Reasons    []string `json:"reasons,omitempty"`    // why this source was chosen, in words
	Rotation   int      `json:"rotation"`             // clockwise degrees (0 90 180 270) applied to the stored page to make it upright
	Skew       float64  `json:"skew,omitempty"`       // degrees clockwise that remain in the upright page
	Confidence float64  `json:"confidence"`           // mean word confidence, 0 when there are no words
	Blank      bool     `json:"blank,omitempty"`      // nothing but noise
	Words      []Word   `json:"words,omitempty"`      // in reading order
	Lines      []Line   `json:"lines,omitempty"`      // in reading order; every word is in exactly one line
	Blocks     []Block  `json:"blocks,omitempty"`     // in reading order; every line is in exactly one block
	Fields     []Field  `json:"fields,omitempty"`     // generic key-value pairs
	Tables     []Table  `json:"tables,omitempty"`     //
	Marks      []Mark   `json:"marks,omitempty"`      // check boxes and radio circles
	Signatures []Mark   `json:"signatures,omitempty"` //
	Barcodes   []Code   `json:"barcodes,omitempty"`   //
	Failed     *Failure `json:"failed"`               // nil when the page was read
}

// Failure is why a page could not be read: a stable code and words without patient data.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Box is a rectangle in fractions of the upright page.
type Box struct{ X, Y, W, H float64 }

// Word is one word as read. Confidence is 0..1; a text layer's words have 1.
type Word struct {
	Text        string  `json:"text"`
	Box         Box     `json:"box"`
	Confidence  float64 `json:"confidence"`
	Handwritten bool    `json:"handwritten,omitempty"`
	Bold        bool    `json:"bold,omitempty"`
	FontSize    float64 `json:"font_size,omitempty"` // points, where known
	Hidden      bool    `json:"hidden,omitempty"`    // invisible text layer (render mode 3)
	Struck      bool    `json:"struck,omitempty"`    // a line goes through it
}

// Line is a run of words on one baseline within one column: Words[i] are indexes into Page.Words.
type Line struct {
	Words []int `json:"words"`
	Box   Box   `json:"box"`
}

// BlockKind is the role of a block of lines on the page.
type BlockKind string

const (
	BlockText   BlockKind = "text"
	BlockTitle  BlockKind = "title"
	BlockHeader BlockKind = "header" // page furniture at the top: fax header, letterhead line, running head
	BlockFooter BlockKind = "footer"
	BlockTable  BlockKind = "table"
	BlockForm   BlockKind = "form"
)

// Block is a group of lines that belong together: Lines[i] are indexes into Page.Lines.
type Block struct {
	Kind  BlockKind `json:"kind"`
	Lines []int     `json:"lines"`
	Box   Box       `json:"box"`
}

// Field is a generic key-value pair. Key and Value name words of the page; either may be
// empty (a key whose value is blank has no Value words). Text forms are the words joined
// by blanks, lines by "\n". From an AcroForm, Name holds the form's own field name.
type Field struct {
	Name       string  `json:"name,omitempty"`
	Key        string  `json:"key"`
	Value      string  `json:"value"`
	KeyWords   []int   `json:"key_words,omitempty"`
	ValueWords []int   `json:"value_words,omitempty"`
	KeyBox     Box     `json:"key_box"`
	ValueBox   Box     `json:"value_box"`
	Confidence float64 `json:"confidence"`
	Source     string  `json:"source"` // acroform, text, ocr, mark
	Rule       string  `json:"rule"`   // which cue paired them: colon, leader, rule, cell, label_above, label_below, lexicon
}

// Table is a grid of cells. Rows and Columns count the grid; spans are in the cells.
type Table struct {
	Title   string `json:"title,omitempty"`
	Box     Box    `json:"box"`
	Rows    int    `json:"rows"`
	Columns int    `json:"columns"`
	Header  int    `json:"header"` // number of leading header rows
	Ruled   bool   `json:"ruled"`
	Cells   []Cell `json:"cells"` // row by row; a spanned position has no cell of its own
	// Continues is true where the table goes on from the last table of the page before.
	Continues bool `json:"continues,omitempty"`
}

// Cell is one cell; Row and Column count from 0.
type Cell struct {
	Row, Column         int
	RowSpan, ColumnSpan int
	Text                string
	Words               []int
	Box                 Box
	Confidence          float64
}

// MarkState is the state of a check box, radio circle or signature field.
type MarkState string

const (
	MarkOn        MarkState = "on"
	MarkOff       MarkState = "off"
	MarkAmbiguous MarkState = "ambiguous"
)

// Mark is a check box or the like with the words that label it.
type Mark struct {
	State      MarkState `json:"state"`
	Shape      string    `json:"shape"` // box, circle, bracket, signature
	Label      string    `json:"label,omitempty"`
	LabelWords []int     `json:"label_words,omitempty"`
	Group      string    `json:"group,omitempty"` // the question that a row of options answers
	Box        Box       `json:"box"`
	Fill       float64   `json:"fill"` // share of ink inside the frame, 0..1
	Confidence float64   `json:"confidence"`
}

// Code is a barcode or QR code: what it says, as it is encoded, with the separators of GS1 (ASCII
// 29) where it has them. Symbology is one of code128, code39, code93, codabar, itf, ean13, ean8,
// upca, upce, qr, datamatrix, aztec and patch, the bars of separator sheets (PATCHT, PATCH2).
type Code struct {
	Symbology string `json:"symbology"`
	Text      string `json:"text"`
	Box       Box    `json:"box"`
}
