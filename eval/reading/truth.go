package reading

import (
	"encoding/json"
	"io"

	"chartlake/document"
	"chartlake/fault"
)

// Suffix is the end of the name of a file with a Truth, which lies beside the file it is of.
const Suffix = ".reading.json"

// truthMax bounds a file with a Truth in bytes.
const truthMax = 64 << 20

// Truth is what is truly on the pages of a file. Boxes are of the ink, in fractions of the
// upright page, as in package document.
type Truth struct {
	ID        string `json:"id"`
	Kind      string `json:"kind,omitempty"`
	Layout    string `json:"layout,omitempty"`
	Condition string `json:"condition,omitempty"` // how it was scanned
	Seed      uint64 `json:"seed,omitempty"`
	File      string `json:"file"`             // in the same folder
	SHA256    string `json:"sha256,omitempty"` // of the file; empty: not checked
	Password  string `json:"password,omitempty"`
	Pages     []Page `json:"pages"`
}

// Page is one page of the file. What is null was not written down and is not scored; what is
// empty is truly not there.
type Page struct {
	Page     int            `json:"page"`               // from 1
	Rotation *int           `json:"rotation,omitempty"` // clockwise degrees that make the stored page upright, after EXIF orientation
	Skew     *float64       `json:"skew,omitempty"`     // degrees clockwise that remain in the upright page
	Words    []Word         `json:"words"`              // in reading order
	Zones    []document.Box `json:"zones,omitempty"`    // where not empty: only words within them were written down, zone by zone
	Orders   [][]int        `json:"orders,omitempty"`   // other orders that a careful human may read in: indexes into Words
	Fields   []Field        `json:"fields"`
	Marks    []Mark         `json:"marks"`
	Tables   []Table        `json:"tables"`
	Codes    []Code         `json:"codes,omitempty"`
	Partial  bool           `json:"partial,omitempty"` // the page has tables that were not written down
}

// Word is text between white space. An empty Box is not scored.
type Word struct {
	Text        string       `json:"text"`
	Box         document.Box `json:"box"`
	Handwritten bool         `json:"handwritten,omitempty"` // written by hand: not print
}

// Field is a label with its value. A blank to fill in that is empty has Value "".
type Field struct {
	Key   string       `json:"key"`
	Value string       `json:"value"`
	Box   document.Box `json:"box"` // of the value's ink
}

// Mark is a check box, radio circle or bracket: its frame, and whether it is marked.
type Mark struct {
	Label string       `json:"label"`
	On    bool         `json:"on"`
	Box   document.Box `json:"box"`
}

// Code is a bar code: its symbology as in document.Code, and what it says.
type Code struct {
	Symbology string       `json:"symbology"`
	Text      string       `json:"text"`
	Box       document.Box `json:"box"`
}

// Rules says which rules a table has.
type Rules string

const (
	Ruled      Rules = "ruled"      // around every cell
	HalfRuled  Rules = "half-ruled" // between rows, or around the whole only
	Borderless Rules = "borderless"
)

// Table is a grid of cells; Header counts its leading header rows.
type Table struct {
	Rules   Rules        `json:"rules"`
	Rows    int          `json:"rows"`
	Columns int          `json:"columns"`
	Header  int          `json:"header"`
	Box     document.Box `json:"box"` // empty: not known
	Cells   []Cell       `json:"cells"`
}

// Cell is one cell; Row and Column count from 0, spans from 1.
type Cell struct {
	Row        int          `json:"row"`
	Column     int          `json:"column"`
	RowSpan    int          `json:"row_span"`
	ColumnSpan int          `json:"column_span"`
	Text       string       `json:"text"`
	Box        document.Box `json:"box"` // of the ink; empty: not scored
}

// Read reads a Truth. What it names must be there: a cell outside its table or an order that
// is not one of all words is an Invalid fault.
func Read(r io.Reader) (*Truth, error) {
	data, err := io.ReadAll(io.LimitReader(r, truthMax+1))
	if err != nil {
		return nil, err
	}
	if len(data) > truthMax {
		return nil, fault.New(fault.TooLarge, "truth_size", "a true reading is larger than %d bytes", truthMax)
	}
	var t Truth
	if err := json.Unmarshal(data, &t); err != nil {
		return nil, fault.New(fault.Invalid, "truth_json", "a true reading is not JSON of its form")
	}
	for _, p := range t.Pages {
		if err := p.check(); err != nil {
			return nil, err
		}
	}
	return &t, nil
}

// spanMax bounds the rows and the columns of a table.
const spanMax = 10_000

func (p *Page) check() error {
	for _, order := range p.Orders {
		if !permutes(order, len(p.Words)) {
			return fault.New(fault.Invalid, "truth_order", "an order of page %d is not one of all its words", p.Page)
		}
	}
	for _, t := range p.Tables {
		if t.Rows < 0 || t.Columns < 0 || t.Rows > spanMax || t.Columns > spanMax || t.Rows*t.Columns > 10*spanMax {
			return fault.New(fault.Invalid, "truth_table", "a table of page %d has an impossible size", p.Page)
		}
		for _, c := range t.Cells {
			if c.Row < 0 || c.Column < 0 || c.RowSpan < 1 || c.ColumnSpan < 1 || c.Row+c.RowSpan > t.Rows || c.Column+c.ColumnSpan > t.Columns {
				return fault.New(fault.Invalid, "truth_cell", "a cell of page %d lies outside its table", p.Page)
			}
		}
	}
	return nil
}

func permutes(order []int, n int) bool {
	if len(order) != n {
		return false
	}
	seen := make([]bool, n)
	for _, i := range order {
		if i < 0 || i >= n || seen[i] {
			return false
		}
		seen[i] = true
	}
	return true
}

// Format writes a Truth as Read takes it.
func (t *Truth) Format() ([]byte, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

// Move takes every box that is known to another place.
func (p *Page) Move(to func(document.Box) document.Box) {
	move := func(b *document.Box) {
		if !b.Empty() {
			*b = to(*b)
		}
	}
	for i := range p.Words {
		move(&p.Words[i].Box)
	}
	for i := range p.Fields {
		move(&p.Fields[i].Box)
	}
	for i := range p.Marks {
		move(&p.Marks[i].Box)
	}
	for i := range p.Codes {
		move(&p.Codes[i].Box)
	}
	for i := range p.Tables {
		move(&p.Tables[i].Box)
		for k := range p.Tables[i].Cells {
			move(&p.Tables[i].Cells[k].Box)
		}
	}
}
