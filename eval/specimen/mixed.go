package specimen

import (
	"math/rand/v2"
	"strings"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// formMixed draws parts of all ways in which forms ask, in an order, a type and distances of their
// own on each form, with labels that are partly known to nobody else: what a reader of fields does
// well on forms that it has never seen.
func formMixed(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	type family = func() *sheet.Family
	faces := []family{sheet.Sans, sheet.Serif, sheet.Go, sheet.Medium, sheet.Sans, sheet.Typewriter}
	m := &mixed{Sheet: p, s: s, r: r, x0: 36 + 20*s.Float64(), y: 50}
	m.x1 = sheet.LetterWidth - m.x0
	m.label = sheet.Style{Family: fiction.Pick(s, faces...)(), Size: 8.5 + 2*s.Float64(), Bold: s.Chance(0.3)}
	m.value = sheet.Style{Family: fiction.Pick(s, append(faces, sheet.Italic, sheet.Mono)...)(), Size: 9 + 2*s.Float64()}
	p.Text(m.x0, m.y, fiction.Pick(s, "Patient Information", "ADMISSION RECORD", "Request for Services", "Intake Sheet", "Statement of Coverage", "Visit Summary"), m.label.With(15).Strong())
	m.y += 26
	parts := []func(){m.colons, m.aligned, m.aligned, m.leaders, m.onRules, m.underRules, m.boxes, m.sideCells, m.headed, m.combs, m.choices, m.prose, m.colons}
	for _, i := range s.Perm(len(parts)) {
		if m.y > 640 {
			break
		}
		p.Block()
		if s.Chance(0.5) {
			m.heading()
		}
		parts[i]()
		m.y += 12 + 8*s.Float64()
	}
}

// mixed is a form on the way; y is the next base line.
type mixed struct {
	*sheet.Sheet
	s            fiction.Source
	r            *rand.Rand
	x0, x1, y    float64
	label, value sheet.Style
}

func (m *mixed) heading() {
	text := fiction.Pick(m.s, "Personal data", "INSURANCE", "About your visit", "Section B", "Emergency", "FOR OFFICE USE ONLY", "History", "To be completed by the nurse")
	if m.s.Chance(0.3) {
		m.Fill(m.x0, m.y-10, m.x1-m.x0, 14, sheet.Grey(uint8(60+m.s.IntN(170))))
		m.Text(m.x0+4, m.y, text, m.label.Strong())
	} else {
		m.Text(m.x0, m.y, text, m.label.With(m.label.Size+1.5).Strong())
	}
	m.y += 18
	m.Block()
}

// put writes the lines of a value and notes the pair.
func (m *mixed) put(x, y float64, a fiction.Asked) {
	ink := m.Text(x, y, "", m.value)
	for i, l := range a.Lines {
		ink = ink.Union(m.Text(x, y+float64(i)*1.2*m.value.Size, l, m.value))
	}
	m.Pair(a.Label, a.Value(), ink)
}

// short makes blanks whose values have one line.
func (m *mixed) short(n int, blank float64) []fiction.Asked {
	out := m.s.Blanks(n, blank)
	for i := range out {
		if len(out[i].Lines) > 1 {
			out[i].Lines = out[i].Lines[:1]
		}
	}
	return out
}

// colons sets pairs one behind the other, as close as typists do.
func (m *mixed) colons() {
	gap, x := m.value.Size*(0.8+2.5*m.s.Float64()), m.x0
	for _, a := range m.short(4+m.s.IntN(6), 0) {
		w := m.label.Width(a.Label+": ") + m.value.Width(a.Value())
		if x > m.x0 && x+w > m.x1 {
			x, m.y = m.x0, m.y+1.6*m.value.Size
		}
		m.Text(x, m.y, a.Label+":", m.label)
		m.put(x+m.label.Width(a.Label+": "), m.y, a)
		x += w + gap
	}
	m.y += 1.6 * m.value.Size
}

// aligned sets labels and values at edges of their own, in one or two columns, with a colon or
// without; labels may end at their edge.
func (m *mixed) aligned() {
	columns, sign, flush := 1+m.s.IntN(2), fiction.Pick(m.s, ":", ":", ""), m.s.Chance(0.25)
	width := (m.x1 - m.x0) / float64(columns)
	step := m.value.Size * (1.4 + 0.5*m.s.Float64())
	blanks := m.s.Blanks(2*columns+m.s.IntN(5), 0.1)
	at := 0.0
	for _, a := range blanks {
		at = max(at, m.label.Width(a.Label+sign))
	}
	at += m.value.Size * (0.6 + 1.5*m.s.Float64())
	for i := 0; i < len(blanks); i += columns {
		lines := 1
		for c := 0; c < columns && i+c < len(blanks); c++ {
			a := blanks[i+c]
			x := m.x0 + float64(c)*width
			m.Cell(func() {
				if flush {
					m.Right(x+at-m.value.Size*0.6, m.y, a.Label+sign, m.label)
				} else {
					m.Text(x, m.y, a.Label+sign, m.label)
				}
				m.put(x+at, m.y, a)
			})
			lines = max(lines, len(a.Lines))
		}
		m.y += step + float64(lines-1)*1.2*m.value.Size
	}
}

func (m *mixed) leaders() {
	dot := fiction.Pick(m.s, ".", ".", "_", ". ")
	to := 150 + 60*m.s.Float64()
	for _, a := range m.short(3+m.s.IntN(3), 0.1) {
		text := a.Label + " "
		for m.label.Width(text+dot) < to {
			text += dot
		}
		m.Text(m.x0, m.y, strings.TrimSpace(text), m.label)
		m.put(m.x0+max(to, m.label.Width(text))+4, m.y, a)
		m.y += 1.7 * m.value.Size
	}
}

// onRules sets labels before the line that is to be written on.
func (m *mixed) onRules() {
	n, sign := 1+m.s.IntN(3), fiction.Pick(m.s, "", "", ":")
	width := (m.x1 - m.x0) / float64(n)
	blanks := m.short(n*(2+m.s.IntN(2)), 0.25)
	for i, a := range blanks {
		x := m.x0 + float64(i%n)*width
		from := x + m.label.Width(a.Label+sign) + 3
		end := max(x+width-8, from+m.value.Width(a.Value())+8)
		if n > 1 && end > x+width-2 {
			a.Lines, end = nil, x+width-8
		}
		if end > from+20 {
			m.Text(x, m.y, a.Label+sign, m.label)
			m.Rule(from, m.y+2, end, m.y+2, 0.4+0.4*m.s.Float64(), sheet.Black)
			m.put(from+2+4*m.s.Float64(), m.y, a)
		}
		if i%n == n-1 {
			m.y += 2.1 * m.value.Size
		}
	}
}

// underRules sets labels under the line that is written on, in one line or two.
func (m *mixed) underRules() {
	n := 2 + m.s.IntN(2)
	width := (m.x1 - m.x0) / float64(n)
	small := m.label.With(m.label.Size - 1.5)
	m.y += 6
	for i, a := range m.short(n*(1+m.s.IntN(2)), 0.2) {
		x := m.x0 + float64(i%n)*width
		m.Cell(func() {
			m.put(x+2, m.y, a)
			m.Rule(x, m.y+3, x+width-14, m.y+3, 0.6, sheet.Black)
			for k, l := range small.Wrap(a.Label, fiction.Pick(m.s, width-14, 90)) {
				m.Text(x+2, m.y+3+(1.1+float64(k))*small.Size, l, small)
			}
		})
		if i%n == n-1 {
			m.y += 3.8 * m.value.Size
		}
	}
}

// boxes rules boxes with a small label in the top left corner.
func (m *mixed) boxes() {
	n := 2 + m.s.IntN(3)
	small := m.label.With(6.5 + 1.5*m.s.Float64())
	width, line := (m.x1-m.x0)/float64(n), 0.4+0.6*m.s.Float64()
	top := m.y - 8
	for range 1 + m.s.IntN(3) {
		row := m.s.Blanks(n, 0.15)
		lines, heads := 1, 1
		for _, a := range row {
			lines, heads = max(lines, len(a.Lines)), max(heads, len(small.Wrap(a.Label, width-8)))
		}
		high := 5 + float64(heads)*small.Size*1.15 + float64(lines)*1.25*m.value.Size + 4
		for i, a := range row {
			x := m.x0 + float64(i)*width
			m.Frame(x, top, width, high, line, sheet.Black)
			m.Cell(func() {
				for k, l := range small.Wrap(a.Label, width-8) {
					m.Text(x+3, top+2+small.Size*(1+1.15*float64(k)), l, small)
				}
				if len(a.Lines) == 1 && strings.IndexByte(a.Value(), 64) > 0 && m.value.Width(a.Value()) > width-10 {
					a.Lines = nil
				} else if m.value.Width(a.Value()) > width-10 && len(a.Lines) == 1 {
					a.Lines = m.value.Wrap(a.Value(), width-10)
					if len(a.Lines) > lines {
						a.Lines = nil
					}
				}
				m.put(x+6, top+5+float64(heads)*small.Size*1.15+m.value.Size, a)
			})
		}
		top += high
	}
	m.y = top + 12
}

// sideCells rules a cell for each label and one for its value beside it.
func (m *mixed) sideCells() {
	n := 1 + m.s.IntN(2)
	width, high := (m.x1-m.x0)/float64(n), m.value.Size*1.9
	top, sign := m.y-m.value.Size, fiction.Pick(m.s, "", "", ":")
	for range 2 + m.s.IntN(3) {
		for i, a := range m.short(n, 0.15) {
			x := m.x0 + float64(i)*width
			m.Frame(x, top, width*0.42, high, 0.6, sheet.Black)
			m.Frame(x+width*0.42, top, width*0.58, high, 0.6, sheet.Black)
			if m.label.Width(a.Label) > width*0.42-8 || m.value.Width(a.Value()) > width*0.58-8 {
				continue
			}
			m.Cell(func() {
				m.Text(x+4, top+high*0.66, a.Label+sign, m.label)
				m.put(x+width*0.42+4, top+high*0.66, a)
			})
		}
		top += high
	}
	m.y = top + 12
}

// headed sets labels over their values without any line, several beside each other.
func (m *mixed) headed() {
	n := 2 + m.s.IntN(3)
	width := (m.x1 - m.x0) / float64(n)
	small := m.label.With(m.label.Size - fiction.Pick(m.s, 0.0, 1.5)).In(sheet.Grey(uint8(m.s.IntN(100))))
	sign := fiction.Pick(m.s, "", "", ":")
	for range 1 + m.s.IntN(2) {
		lines := 1
		for i, a := range m.s.Blanks(n, 0) {
			x := m.x0 + float64(i)*width
			if small.Width(a.Label) > width-8 || m.value.Width(a.Lines[0]) > width-8 {
				continue
			}
			m.Cell(func() {
				m.Text(x, m.y, a.Label+sign, small)
				m.put(x, m.y+1.35*m.value.Size, a)
			})
			lines = max(lines, len(a.Lines))
		}
		m.y += (2.3+1.2*float64(lines))*m.value.Size + 6
	}
}

// combs sets a cell for each letter of a value, the label over them or before them.
func (m *mixed) combs() {
	over, size := m.s.Chance(0.5), 13+3*m.s.Float64()
	x := m.x0
	for _, c := range [][2]string{{"Date of birth", m.s.Intake().Patient.Birth.Format("01022006")}, {"Member ID", m.s.Letters(2) + m.s.Digits(6)}, {"ZIP code", m.s.Digits(5)}}[:1+m.s.IntN(3)] {
		left, top := x, m.y+4
		if !over {
			left, top = x+m.label.Width(c[0])+6, m.y-size*0.75
		}
		if left+size*float64(len(c[1])) > m.x1 {
			break
		}
		m.Cell(func() {
			m.Text(x, m.y, c[0], m.label)
			ink := m.Text(left, top, "", m.value)
			for i, l := range c[1] {
				m.Frame(left+float64(i)*size, top, size, size, 0.5, sheet.Black)
				ink = ink.Union(m.Centre(left+(float64(i)+0.5)*size, top+size*0.76, string(l), m.value.With(10)))
			}
			m.Pair(c[0], c[1], ink)
		})
		x = left + size*float64(len(c[1])) + 20
	}
	m.y += 2.4 * size
}

func (m *mixed) choices() {
	shape := fiction.Pick(m.s, sheet.Square, sheet.Circle, sheet.Brackets)
	in := m.s.Intake()
	for _, q := range in.Questions[:2+m.s.IntN(4)] {
		m.Text(m.x0, m.y, q.Text, m.label)
		x := m.x0 + m.label.Width(q.Text) + 20
		for j, answer := range []string{"Yes", "No"} {
			m.Mark(x, m.y-8, 8, shape, q.Yes == (j == 0), answer+" "+q.Text, m.label, m.r)
			x += 14 + 4*m.s.Float64()
			m.Text(x, m.y, answer, m.label)
			x += 26
		}
		m.y += 1.7 * m.label.Size
	}
}

func (m *mixed) prose() {
	text := fiction.Pick(m.s, "Please bring this sheet to every visit. Tell the front desk when your address or your insurance changes, and ask for an interpreter if you need one.",
		"I have read the notice of privacy practices and agree that the hospital may send a bill to the payer named above. Payment is due within thirty days of the date of the statement.",
		"Note: results of tests are given by telephone between nine and noon only. In an emergency call 911 or go to the nearest hospital; do not wait for an answer.")
	m.y = para(m.Sheet, m.x0, m.y, m.x1-m.x0, 1.25, text, m.label.With(8.5)) + 4
}
