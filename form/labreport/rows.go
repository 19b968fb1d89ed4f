package labreport

import (
	"slices"
	"strings"
	"unicode"

	"chartlake/form/lexicon"
	"chartlake/form/sheet"
)

// Row is one result as printed: the words of each cell.
type Row struct {
	Test, Value, Flag, Unit, Range, Status, Note []sheet.Token
	Panel                                        int  // index into Result.Panels, -1 for none
	Shifted                                      bool // the contents do not fit their columns
	Doubt                                        string
}

// Result is all that was read from the tables of a segment.
type Result struct {
	Rows      []Row
	Panels    [][]sheet.Token
	HasHeader bool
}

// linesMax bounds the rows of one table.
const linesMax = 5000

// Labelled reports whether a row of a page holds a form label with its value.
type Labelled func(page, row int) bool

// Read finds the result tables on all pages of the segment.
func Read(s *sheet.Sheet, labelled Labelled) Result {
	var out Result
	words := headList()
	var open *table // the table that was not closed at the end of the page before
	for i := range s.Pages {
		p := &s.Pages[i]
		r := reader{page: p, out: &out, words: words, labelled: labelled, panel: -1}
		if n := len(out.Panels); n > 0 && open != nil {
			r.panel = n - 1
		}
		open = r.read(open)
		if len(out.Rows) > linesMax {
			out.Rows = out.Rows[:linesMax]
			break
		}
	}
	if len(out.Rows) == 0 && !out.HasHeader {
		out.Rows = headless(s, labelled)
	}
	return out
}

type reader struct {
	page     *sheet.Page
	out      *Result
	words    map[byte][]headWords
	labelled Labelled
	panel    int
}

// read goes down one page. Each head row begins a table; the rows up to the next head, or to
// what ends the table, are its body.
func (r *reader) read(open *table) *table {
	rows := r.page.Rows
	var starts []int
	var tables []table
	for i := 0; i < len(rows); i++ {
		if t, ok := findHead(r.words, rows[i]); ok {
			if i+1 < len(rows) && r.absorb(&t, rows[i], rows[i+1]) {
				i++
			}
			starts, tables = append(starts, i+1), append(tables, t)
		}
	}
	if len(starts) == 0 && open != nil {
		first := slices.IndexFunc(rows, func(row sheet.Row) bool { return r.full(open, row) })
		if first < 0 {
			return nil
		}
		starts, tables = []int{first}, []table{*open}
	}
	var last *table
	for k := range starts {
		end := len(rows)
		if k+1 < len(starts) {
			end = starts[k+1] - 1
		}
		r.out.HasHeader = true
		if starts[k] >= 2 && open != &tables[k] {
			r.titleOver(starts[k] - 2)
		}
		t := &tables[k]
		body := r.body(t, starts[k], end)
		t.gutters(spread(rows[starts[k]:starts[k]+body]), r.page.Aspect)
		r.rows(t, starts[k], starts[k]+body)
		last = t
		if starts[k]+body < len(rows) && !r.footer(starts[k]+body) {
			last = nil
		}
	}
	return last
}

// footer reports that from row i on only the foot of the page follows.
func (r *reader) footer(i int) bool { return r.page.Rows[i].Y0 > 0.9 }

// absorb takes the second line of a head set in two lines ("Reference" over "Range").
func (r *reader) absorb(t *table, head, next sheet.Row) bool {
	if next.Y0-head.Y1 > 0.9*r.page.Height || len(next.Phrases) > len(head.Phrases) {
		return false
	}
	for _, p := range next.Phrases {
		if cell, used := headAt(r.words, p.Tokens); used != len(p.Tokens) || cell == "" {
			return false
		}
	}
	return true
}

// spread keeps rows with at least two phrases: they show where columns are.
func spread(rows []sheet.Row) []sheet.Row {
	var out []sheet.Row
	for _, r := range rows {
		if len(r.Phrases) >= 2 {
			out = append(out, r)
		}
	}
	return out
}

// body counts the rows from start on that belong to the table.
func (r *reader) body(t *table, start, end int) int {
	rows := r.page.Rows
	pitch := r.pitch(start, end)
	first := t.columns[0].x0
	for i := start; i < end; i++ {
		gap := rows[i].Y0 - rows[max(i-1, 0)].Y1
		switch {
		case i > start && gap > 3*pitch:
			return i - start
		case r.labelled(r.page.Number, i) && !r.full(t, rows[i]):
			return i - start
		case dashes(rows[i]):
			return i - start
		case r.prose(t, rows[i]) && rows[i].Phrases[0].X0 < first+8*r.page.Height:
			return i - start
		}
	}
	return end - start
}

// pitch is the usual step between rows.
func (r *reader) pitch(start, end int) float64 {
	var steps []float64
	for i := start + 1; i < end; i++ {
		steps = append(steps, r.page.Rows[i].Y0-r.page.Rows[i-1].Y0)
	}
	if len(steps) == 0 {
		return 2 * r.page.Height
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

func dashes(row sheet.Row) bool {
	text := row.Text()
	return len(text) > 12 && strings.Trim(text, "-_=~*. —–") == ""
}

// prose reports a row that runs across the columns as one sentence.
func (r *reader) prose(t *table, row sheet.Row) bool {
	if len(row.Phrases) != 1 || len(row.Phrases[0].Tokens) < 5 {
		return false
	}
	crossed := 0
	p := row.Phrases[0]
	for _, c := range t.columns[1:] {
		if p.X0 < c.x0 && p.X1 > c.x0+r.page.Height {
			crossed++
		}
	}
	return crossed >= 1
}

// full reports a row with something under the value head and a name before it. Edges are the
// heads' own here, because gutters are found from such rows.
func (r *reader) full(t *table, row sheet.Row) bool {
	if len(row.Phrases) < 2 {
		return false
	}
	v := slices.IndexFunc(t.columns, func(c column) bool { return c.cell == "value" })
	if v < 0 {
		return false
	}
	c := t.columns[v]
	for _, p := range row.Phrases[0:] {
		if p.X1 > c.x0-2*r.page.Height && p.X0 < c.x1+2*r.page.Height && strings.ContainsAny(p.Text(), "0123456789") {
			return true
		}
	}
	return false
}

// titleOver takes the row over a head as the panel's name when it is one short line of words.
func (r *reader) titleOver(i int) {
	row := r.page.Rows[i]
	if len(row.Phrases) != 1 || r.labelled(r.page.Number, i) || !titleLike(row.Phrases[0].Tokens) {
		return
	}
	if r.page.Rows[i+1].Y0-row.Y1 > 2.5*r.page.Height || r.page.Number > 1 && i < 2 || i < 3 {
		return
	}
	r.startPanel(row.Phrases[0].Tokens)
}

func (r *reader) startPanel(tokens []sheet.Token) {
	tokens = trimSigns(tokens)
	if len(tokens) == 0 {
		return
	}
	name := strings.ToLower(sheet.Join(tokens))
	for i, old := range r.out.Panels {
		was := strings.ToLower(sheet.Join(old))
		if name == was || strings.HasPrefix(name, was+" (cont") {
			r.panel = i
			return
		}
	}
	r.out.Panels = append(r.out.Panels, tokens)
	r.panel = len(r.out.Panels) - 1
}

func trimSigns(tokens []sheet.Token) []sheet.Token {
	sign := func(t sheet.Token) bool { return strings.Trim(t.Text, "*-_=•|:") == "" }
	for len(tokens) > 0 && sign(tokens[0]) {
		tokens = tokens[1:]
	}
	for len(tokens) > 0 && sign(tokens[len(tokens)-1]) {
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}

func titleLike(tokens []sheet.Token) bool {
	tokens = trimSigns(tokens)
	if len(tokens) == 0 || len(tokens) > 9 {
		return false
	}
	letters, digits := 0, 0
	for _, r := range sheet.Join(tokens) {
		if unicode.IsLetter(r) {
			letters++
		}
		if unicode.IsDigit(r) {
			digits++
		}
	}
	last := tokens[len(tokens)-1].Text
	return letters >= 3 && digits <= letters/2 && !strings.HasSuffix(last, ".") && !strings.HasSuffix(last, ":")
}

// panelWords are words that names of panels have and names of single tests have not.
var panelWords = map[string]bool{"panel": true, "profile": true, "cbc": true, "cmp": true, "bmp": true, "count": true, "urinalysis": true,
	"chemistry": true, "hematology": true, "lipid": true, "lipids": true, "thyroid": true, "metabolic": true, "hepatic": true, "renal": true,
	"electrolytes": true, "coagulation": true, "differential": true, "serology": true, "immunology": true, "microbiology": true,
	"studies": true, "function": true, "tests": true, "battery": true, "screen": true, "endocrinology": true, "toxicology": true, "group": true}

// panelLike reports a title of a panel by its words or its looks.
func panelLike(tokens []sheet.Token) bool {
	return panelShown(tokens) || slices.ContainsFunc(tokens, func(t sheet.Token) bool { return panelWords[lexicon.Normal(t.Text)] })
}

// panelShown reports a title by its looks alone: bold, in capitals, or between signs.
func panelShown(tokens []sheet.Token) bool {
	upper, bold := true, true
	for _, t := range tokens {
		upper = upper && t.Text == strings.ToUpper(t.Text)
		bold = bold && t.Bold
	}
	return bold || upper && len(tokens) > 1 || strings.Trim(tokens[0].Text, "*-=•") == ""
}

// rows reads the body. Lines are joined to results first, then each result is taken apart.
func (r *reader) rows(t *table, start, end int) {
	type lineCells struct {
		cells [][]sheet.Token
		row   sheet.Row
	}
	var lines []lineCells
	for i := start; i < end; i++ {
		if r.headAgain(r.page.Rows[i]) {
			continue
		}
		lines = append(lines, lineCells{t.cells(r.page.Rows[i]), r.page.Rows[i]})
	}
	test := slices.IndexFunc(t.columns, func(c column) bool { return c.cell == "test" })
	if test < 0 {
		test = 0
		if t.columns[0].cell != "-" {
			return
		}
	}
	hasValue := func(l lineCells) bool {
		if titleOnly(l.row) {
			return false
		}
		for k, c := range t.columns {
			if c.cell == "value" && len(l.cells[k]) > 0 {
				return true
			}
		}
		return false
	}
	var pitch []float64
	for i := 1; i < len(lines); i++ {
		if hasValue(lines[i]) && hasValue(lines[i-1]) && len(lines[i].cells[test]) > 0 && len(lines[i-1].cells[test]) > 0 {
			pitch = append(pitch, lines[i].row.Y0-lines[i-1].row.Y0)
		}
	}
	usual := 2.5 * r.page.Height
	if len(pitch) > 0 {
		slices.Sort(pitch)
		usual = pitch[len(pitch)/2]
	}
	var pending [][]sheet.Token // a name whose value is on the next line
	doubt := ""
	base := len(r.out.Rows)
	for i, l := range lines {
		value, name := hasValue(l), len(l.cells[test]) > 0
		if titleOnly(l.row) {
			for k := range l.cells {
				if k != test {
					l.cells[test] = append(l.cells[test], l.cells[k]...)
					l.cells[k] = nil
				}
			}
			name = len(l.cells[test]) > 0
		}
		onlyTest := onlyCell(l.cells, test)
		step := 0.0
		if i > 0 {
			step = l.row.Y0 - lines[i-1].row.Y0
		}
		switch {
		case value && name:
			cells := l.cells
			if pending != nil {
				cells[test] = append(pending[test], cells[test]...)
			}
			pending = nil
			r.add(t, cells)
			if doubt != "" {
				r.out.Rows[len(r.out.Rows)-1].Doubt, doubt = doubt, ""
			}
		case value && pending != nil:
			cells := l.cells
			cells[test] = pending[test]
			pending = nil
			r.add(t, cells)
		case value:
			r.add(t, l.cells)
			r.out.Rows[len(r.out.Rows)-1].Doubt = "a result without a name in its row"
		case onlyTest && len(r.out.Rows) > base && continues(l.cells[test], step, usual, i+1 < len(lines) && !hasValue(lines[i+1])):
			last := &r.out.Rows[len(r.out.Rows)-1]
			last.Test = append(slices.Clip(last.Test), l.cells[test]...)
		case onlyTest && i+1 < len(lines) && hasValue(lines[i+1]) &&
			goesOn(l.cells[test], lines[i+1].cells[test], lines[i+1].row.Y0-l.row.Y0, usual):
			pending = l.cells
		case onlyTest && titleLike(l.cells[test]) && len(l.row.Phrases) == 1:
			if !panelLike(l.cells[test]) {
				doubt = "the line above may be the beginning of the name"
			}
			r.startPanel(l.cells[test])
		case r.crossing(t, l.row):
			if len(l.row.Phrases) == 1 && titleLike(l.row.Phrases[0].Tokens) && panelLike(l.row.Phrases[0].Tokens) {
				r.startPanel(l.row.Phrases[0].Tokens)
			}
		case !name && len(r.out.Rows) > base && step < 1.1*usual:
			r.extend(t, l.cells)
		}
	}
}

// titleOnly reports a row of one phrase without a result in it: a title or remark that runs
// over the columns.
func titleOnly(row sheet.Row) bool {
	if len(row.Phrases) != 1 {
		return false
	}
	for _, t := range row.Phrases[0].Tokens {
		if strings.ContainsAny(t.Text, "0123456789") || resultWords.MatchString(t.Text) && !strings.EqualFold(t.Text, "normal") {
			return false
		}
	}
	return true
}

// headAgain reports a row that repeats heads without being a head that can be read.
func (r *reader) headAgain(row sheet.Row) bool {
	hit := 0
	for _, p := range row.Phrases {
		if _, used := headAt(r.words, p.Tokens); used == len(p.Tokens) {
			hit++
		}
	}
	return hit >= 2 && 3*hit >= 2*len(row.Phrases)
}

// crossing reports a title or remark that stands over several columns.
func (r *reader) crossing(_ *table, row sheet.Row) bool { return len(row.Phrases) == 1 }

func onlyCell(cells [][]sheet.Token, at int) bool {
	for i, c := range cells {
		if i != at && len(c) > 0 {
			return false
		}
	}
	return len(cells[at]) > 0
}

// continues decides whether a line with nothing but a name goes on with the name above.
func continues(tokens []sheet.Token, step, usual float64, nextEmpty bool) bool {
	first := []rune(tokens[0].Text)[0]
	switch {
	case unicode.IsLower(first) || first == '(':
		return step < 1.15*usual
	case panelShown(tokens):
		return step < 0.8*usual
	}
	return step < 0.93*usual || nextEmpty && step < 0.97*usual
}

// goesOn decides whether a line with nothing but words is the first part of the name on the
// next line, which has the value: that has no name of its own, or begins in small letters, or
// stands closer than results do.
func goesOn(first, next []sheet.Token, step, usual float64) bool {
	if len(next) == 0 {
		return true
	}
	r := []rune(next[0].Text)[0]
	return unicode.IsLower(r) || r == '(' || step < 0.93*usual && !panelLike(first)
}

// extend adds the words of a line without name and value to the result above: a range or
// unit that goes on.
func (r *reader) extend(t *table, cells [][]sheet.Token) {
	last := &r.out.Rows[len(r.out.Rows)-1]
	for i, c := range t.columns {
		if len(cells[i]) == 0 {
			continue
		}
		switch c.cell {
		case "range":
			last.Range = append(slices.Clip(last.Range), cells[i]...)
		case "unit":
			last.Unit = append(slices.Clip(last.Unit), cells[i]...)
		case "note":
			last.Note = append(slices.Clip(last.Note), cells[i]...)
		}
	}
}

// add makes a result of the cells of a line.
func (r *reader) add(t *table, cells [][]sheet.Token) {
	row := Row{Panel: r.panel}
	unitColumn := slices.ContainsFunc(t.columns, func(c column) bool { return c.cell == "unit" })
	for i, c := range t.columns {
		if len(cells[i]) == 0 {
			continue
		}
		switch c.cell {
		case "test":
			row.Test = trimSigns(cells[i])
		case "value":
			p := divide(cells[i], unitColumn && unitFilled(t, cells))
			if len(row.Value) > 0 {
				row.Doubt = "two result columns are filled"
			}
			row.Value, row.Unit = p.value, append(row.Unit, p.unit...)
			row.Flag = append(row.Flag, p.flag...)
		case "flag":
			row.Flag = append(row.Flag, cells[i]...)
		case "unit":
			row.Unit = append(row.Unit, cells[i]...)
		case "range":
			rng, unit := cells[i], []sheet.Token(nil)
			if !unitColumn {
				rng, unit = splitRange(cells[i])
			}
			row.Range, row.Unit = rng, append(row.Unit, unit...)
		case "status":
			row.Status = cells[i]
		case "note":
			row.Note = cells[i]
		}
	}
	if len(row.Test) == 0 && t.columns[0].cell == "-" && len(cells[0]) > 0 {
		row.Test = cells[0]
	}
	settle(&row)
	r.out.Rows = append(r.out.Rows, row)
}

func unitFilled(t *table, cells [][]sheet.Token) bool {
	for i, c := range t.columns {
		if c.cell == "unit" && len(cells[i]) > 0 {
			return true
		}
	}
	return false
}
