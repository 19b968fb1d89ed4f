package form

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/form/draft"
	"chartlake/form/lexicon"
	"chartlake/form/pair"
	"chartlake/form/section"
	"chartlake/form/sheet"
	"chartlake/form/table"
	"chartlake/record"
	"chartlake/value"
)

// tabular reads the documents that are labels and tables: the labelled values, the rows, and
// who issued them.
func (r *reading) tabular(issuer, phone string) {
	rows := table.Read(r.sheet, r.guess.Type, r.labelRow())
	inTable := map[[2]int]bool{}
	for _, row := range rows {
		for _, tokens := range row.Cells {
			for _, t := range tokens {
				inTable[[2]int{t.Page, t.Word}] = true
			}
		}
	}
	r.fromPairs(func(p pair.Pair) bool {
		return len(p.Value) > 0 && inTable[[2]int{p.Value[0].Page, p.Value[0].Word}] || inTable[[2]int{p.Head[0].Page, p.Head[0].Word}]
	})
	r.tableLines(rows)
	if issuer != "" && r.field(issuer) == nil {
		r.issuer(issuer, "", phone)
	}
}

// labelRow tells rows that begin with a label and its value.
func (r *reading) labelRow() func(page, row int) bool {
	rows := map[[2]int]bool{}
	for _, p := range r.pairs {
		last := p.Head[len(p.Head)-1].Text
		alone := p.Rule == "right" && len(r.rowOf(p).Phrases) == 2 // nothing but a label and its value
		over := p.Rule == "below" && len(r.rowOf(p).Phrases) <= 2  // labels over their values
		if over || p.Rule == "inline" && strings.HasSuffix(last, ":") || alone || p.Rule == "right" && (p.Read.OK && p.Label.Kind == "money" || strings.HasSuffix(last, ":")) {
			rows[[2]int{p.Page, p.Row}] = true
		}
	}
	return func(page, row int) bool { return rows[[2]int{page, row}] }
}

// rowOf is the row of a pair's label.
func (r *reading) rowOf(p pair.Pair) sheet.Row {
	for i := range r.sheet.Pages {
		if r.sheet.Pages[i].Number == p.Page {
			return r.sheet.Pages[i].Rows[p.Row]
		}
	}
	return sheet.Row{}
}

// tableLines writes the rows of tables.
func (r *reading) tableLines(rows []table.Row) {
	from := len(r.lines)
	for _, row := range rows {
		r.lines = append(r.lines, r.line(row))
	}
	ditto(r.lines[from:])
}

// dittoSign is what stands for the value above.
var dittoSign = regexp.MustCompile(`^(?:["”“″〃]|''|’’|,,|do\.|[Dd]itto)$`)

// ditto gives cells with a sign for "the same" the value above, as a question: which words are
// meant is for a person to say. The first row has nothing above, and the sign is no value there.
func ditto(lines []map[string]record.Field) {
	for i, line := range lines {
		for name, f := range line {
			if !dittoSign.MatchString(strings.TrimSpace(f.Raw)) {
				continue
			}
			f.Value = nil
			draft.Doubt(&f, "a sign for the same as above, and nothing stands above")
			if i > 0 {
				if above, ok := lines[i-1][name]; ok && above.Value != nil {
					v := *above.Value
					f.Value, f.Kind = &v, above.Kind
					f.Reasons = []string{"a sign for the same as above stands for the value"}
				}
			}
			line[name] = f
		}
	}
}

// line types the cells of a row.
func (r *reading) line(row table.Row) map[string]record.Field {
	out := map[string]record.Field{}
	for cell, tokens := range row.Cells {
		if len(tokens) == 0 {
			continue
		}
		kind := row.Kinds[cell]
		f := draft.Field(draft.Finding{Name: cell, Label: row.Heads[cell], Kind: kindOfCell(kind), Tokens: tokens, Rule: "table", Strength: 0.94,
			Read: readCell(kind, sheet.Join(tokens), value.Hint{NotAfter: r.latest})})
		out[cell] = f
	}
	return out
}

func kindOfCell(kind string) string {
	switch kind {
	case "procedure", "modifier":
		return "code"
	case "adjustments":
		return "text"
	}
	return kind
}

var (
	procedureShape   = regexp.MustCompile(`^([0-9]{5}|[0-9]{4}[A-Z]|[A-Z][0-9]{4})$`)
	adjustmentShape  = regexp.MustCompile(`^((CO|PR|OA|PI|CR)[- ]?[A-Z]?\d{1,3}([ :]+\$?-?[\d,]+\.\d\d)?[,;]?\s*)+$`)
	modifierShape    = regexp.MustCompile(`^[A-Z0-9]{2}([ ,]+[A-Z0-9]{2}){0,3}$`)
	quantityAsNumber = regexp.MustCompile(`^#?\s*\d+(\.\d+)?( [A-Za-z()]+){0,2}$`)
)

// readCell parses a cell as a value of its column's kind.
func readCell(kind, raw string, h value.Hint) value.Reading {
	text := strings.Join(strings.Fields(raw), " ")
	shaped := func(shape *regexp.Regexp, why string) value.Reading {
		v := value.Reading{Value: strings.ToUpper(text), OK: true}
		if !shape.MatchString(v.Value) {
			v.Reasons = []string{why}
		}
		return v
	}
	switch kind {
	case "procedure":
		return shaped(procedureShape, "not in the form of a procedure code")
	case "modifier":
		return shaped(modifierShape, "a modifier has two letters or digits")
	case "adjustments":
		return shaped(adjustmentShape, "not in the form of group, reason and amount")
	case "quantity":
		return value.Reading{Value: text, OK: quantityAsNumber.MatchString(text)}
	}
	return pair.Read(kind, raw, h)
}

// reportParts are the headed parts of a report whose text is one field.
// Discharge instructions to a patient are read in the same way.
var reportParts = map[string]string{"instructions": "instructions", "return_precautions": "return_precautions", "follow_up": "follow_up",
	"indication": "indication", "technique": "technique", "comparison": "comparison", "findings": "findings",
	"assessment": "impression", "gross": "gross", "microscopic": "microscopic", "principal_diagnosis": "diagnosis.final", "chief_complaint": "indication", "hpi": "indication"}

// operationParts are those of an operative report.
var operationParts = map[string]string{"preoperative": "preoperative", "postoperative": "postoperative", "procedures": "procedures", "anesthesia": "anesthesia",
	"findings": "findings", "blood_loss": "blood_loss", "complications": "complications", "indication": "indication"}

// report reads an imaging or pathology report: the labelled head and foot and the headed parts.
func (r *reading) report() {
	r.sections = section.Find(r.sheet, r.lex, r.besideLabel())
	if len(r.sections) > 0 && r.sections[0].Name == "other" {
		r.sections = r.sections[1:]
	}
	inside := r.insideSections()
	r.fromPairs(func(p pair.Pair) bool { return inside(p) && p.Label.Name != "specimen" })
	r.issuer("facility", "", "facility.phone")
	r.parts(reportParts)
}

// parts makes fields of the headed parts with these names.
func (r *reading) parts(names map[string]string) {
	for _, s := range r.sections {
		name := names[s.Name]
		if name == "" || r.field(name) != nil {
			continue
		}
		text := tail(section.Text(s))
		text = r.beforeSignature(slices.DeleteFunc(slices.Clone(text), func(t sheet.Token) bool { return r.inPair(t) }))
		r.putText(name, strings.TrimRight(sheet.Join(s.Head), " :"), text, "section", 0.93)
	}
}

// inPair reports a word that is the label or the value of a field already written.
func (r *reading) inPair(t sheet.Token) bool {
	for _, p := range r.pairs {
		if p.Label.Name == "" || r.field(p.Label.Name) == nil {
			continue
		}
		for _, list := range [][]sheet.Token{p.Head, p.Value} {
			for _, x := range list {
				if x.Page == t.Page && x.Word == t.Word && x.Begin == t.Begin {
					return true
				}
			}
		}
	}
	return false
}

// beforeSignature ends a text at the line that begins with the label of a signature: who
// signed is no part of what was found.
func (r *reading) beforeSignature(text []sheet.Token) []sheet.Token {
	for i := range text {
		if i > 0 && text[i].Y0 < text[i-1].Y0+0.6*(text[i-1].Y1-text[i-1].Y0) && text[i].Page == text[i-1].Page {
			continue // in the same line
		}
		words := make([]string, 0, 6)
		for _, t := range text[i:min(i+6, len(text))] {
			words = append(words, t.Text)
		}
		if m, ok := r.lex.At(lexicon.Prepare(words), 0); ok && (m.Label.Name == "signed" || m.Label.Name == "signed.date") {
			return text[:i]
		}
	}
	return text
}
