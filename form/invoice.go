package form

import (
	"strings"

	"chartlake/form/draft"
	"chartlake/form/lexicon"
	"chartlake/form/pair"
	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

// invoice reads an invoice or statement: the issuer's block, the recipient's block under
// "Bill to", the sums, and the rows that end in an amount.
func (r *reading) invoice() {
	billed := r.billTo()
	r.fromPairs(func(p pair.Pair) bool {
		return billed[[2]int{p.Page, p.Row}] || p.Label.Name == "phone" && r.contactUs(p)
	})
	r.onlySum()
	r.issuer("facility", "", "phone")
	r.inquiry()
	r.items()
	r.terms()
}

// onlySum makes the one sum of a bill its total where the words for it say both: "Total due"
// is a balance only beside a total or a payment.
func (r *reading) onlySum() {
	due := r.field("balance")
	if due == nil || r.field("total") != nil || r.field("paid") != nil || !strings.Contains(strings.ToLower(due.Label), "total") {
		return
	}
	due.Name = "total"
}

// billTo reads the block under "Bill to": labelled or plain lines up to a wide gap. Its rows
// are no longer read as the issuer's.
func (r *reading) billTo() map[[2]int]bool {
	rows := map[[2]int]bool{}
	for i := range r.sheet.Pages {
		p := &r.sheet.Pages[i]
		for n, row := range p.Rows {
			for _, ph := range row.Phrases {
				l := strings.Join(lexicon.Tokens(ph.Text()), " ")
				if l != "bill to" && l != "billed to" {
					continue
				}
				r.recipient(p, n, ph, rows)
				return rows
			}
		}
	}
	return rows
}

func (r *reading) recipient(p *sheet.Page, at int, head sheet.Phrase, rows map[[2]int]bool) {
	names := map[string]string{"street": "bill_to.street", "city_state": "bill_to.city_state", "zip": "bill_to.zip", "bill_to": "bill_to", "patient": "bill_to"}
	rows[[2]int{p.Number, at}] = true
	last := head
	for n := at + 1; n < len(p.Rows) && n <= at+6; n++ {
		row := p.Rows[n]
		if row.Y0-last.Y1 > 1.6*p.Height {
			return
		}
		var ph *sheet.Phrase
		for k := range row.Phrases {
			if row.Phrases[k].X0 < head.X0+4*p.Height && row.Phrases[k].X0 > head.X0-2*p.Height {
				ph = &row.Phrases[k]
			}
		}
		if ph == nil {
			return
		}
		rows[[2]int{p.Number, n}] = true
		last = *ph
		labelled := false
		for _, q := range r.pairs {
			if q.Page == p.Number && q.Row == n && names[q.Label.Name] != "" {
				labelled = true
				r.put(draft.Finding{Name: names[q.Label.Name], Label: q.Printed, Kind: q.Label.Kind, Tokens: q.Value, Read: q.Read,
					Rule: "bill_to_block", Strength: q.Strength, Reasons: q.Reasons})
			}
		}
		if labelled {
			continue
		}
		tokens, label := ph.Tokens, ""
		for k, t := range tokens {
			if strings.HasSuffix(t.Text, ":") && k < 3 && k+1 < len(tokens) {
				label, tokens = strings.TrimRight(sheet.Join(tokens[:k+1]), ":"), tokens[k+1:]
				break
			}
		}
		if n == at+1 || strings.EqualFold(label, "name") {
			read := value.Parse(value.PersonName, sheet.Join(tokens), value.Hint{})
			r.put(draft.Finding{Name: "bill_to", Label: label, Kind: "name", Tokens: tokens, Read: read, Rule: "bill_to_block", Strength: 0.9})
		}
	}
}

// contactUs reports a telephone number that follows "questions about this invoice".
func (r *reading) contactUs(p pair.Pair) bool {
	page := r.page(p.Page)
	for n := max(0, p.Row-2); n <= p.Row && page != nil; n++ {
		l := strings.ToLower(page.Rows[n].Text())
		if strings.Contains(l, "question") || strings.Contains(l, "inquir") || strings.Contains(l, "contact us") {
			return true
		}
	}
	return false
}

func (r *reading) inquiry() {
	for _, p := range r.pairs {
		if p.Label.Name == "phone" && r.contactUs(p) {
			r.put(draft.Finding{Name: "inquiry.phone", Label: p.Printed, Kind: "phone", Tokens: p.Value, Read: p.Read, Rule: "inquiry", Strength: 0.93})
			return
		}
	}
}

// items reads the rows between the head that names an amount and the sums.
func (r *reading) items() {
	for i := range r.sheet.Pages {
		p := &r.sheet.Pages[i]
		inside := false
		for _, row := range p.Rows {
			words := lexicon.Tokens(row.Text())
			if !inside {
				inside = hasWord(words, "description", "service", "services", "item") && hasWord(words, "amount", "charge", "charges", "price", "total")
				continue
			}
			if hasWord(words, "subtotal", "total", "discount", "tax", "balance") && len(words) < 8 {
				break
			}
			r.item(row)
		}
	}
}

func hasWord(words []string, any ...string) bool {
	for _, w := range words {
		for _, a := range any {
			if w == a {
				return true
			}
		}
	}
	return false
}

func (r *reading) item(row sheet.Row) {
	n := len(row.Phrases)
	if n < 2 {
		return
	}
	amount := row.Phrases[n-1].Tokens
	var read value.Reading
	for k := len(amount); k > 0 && !read.OK; k-- {
		read = value.Parse(value.Money, sheet.Join(amount[:k]), value.Hint{})
		if read.OK {
			amount = amount[:k]
		}
	}
	if !read.OK || !strings.ContainsAny(sheet.Join(amount), ".$") {
		return
	}
	line := map[string]record.Field{"amount": draft.Field(draft.Finding{Name: "amount", Kind: "money", Tokens: amount, Read: read, Rule: "last_column", Strength: 0.95})}
	first := row.Phrases[0].Tokens
	if d, _, ok := value.ParseDate(sheet.Join(first), value.Hint{NotAfter: r.latest}); ok && n > 2 {
		line["date"] = draft.Field(draft.Finding{Name: "date", Kind: "date", Tokens: first, Read: value.Reading{Value: d.String(), OK: true}, Rule: "first_column", Strength: 0.92})
		first = row.Phrases[1].Tokens
	}
	line["description"] = draft.Field(draft.Finding{Name: "description", Kind: "text", Tokens: first, Rule: "first_column", Strength: 0.93,
		Read: value.Parse(value.Text, sheet.Join(first), value.Hint{})})
	r.lines = append(r.lines, line)
}

// terms takes a sentence about when to pay.
func (r *reading) terms() {
	if r.field("payment_terms") != nil {
		return
	}
	for _, p := range r.sheet.Pages {
		for _, row := range p.Rows {
			for _, ph := range row.Phrases {
				l := strings.ToLower(ph.Text())
				if strings.Contains(l, "due within") || strings.Contains(l, "payable within") || strings.HasPrefix(l, "net ") && len(ph.Tokens) <= 3 {
					r.putText("payment_terms", "", ph.Tokens, "own_words", 0.9)
					return
				}
			}
		}
	}
}
