package form

import (
	"slices"
	"strings"
	"unicode"

	"chartlake/form/draft"
	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/value"
)

// organisation are words in the names of those who issue medical papers.
var organisation = map[string]bool{"laboratory": true, "laboratories": true, "labs": true, "lab": true, "diagnostics": true, "diagnostic": true,
	"hospital": true, "hospitals": true, "clinic": true, "clinics": true, "medical": true, "center": true, "centre": true, "health": true,
	"healthcare": true, "pathology": true, "institute": true, "university": true, "memorial": true, "associates": true, "physicians": true,
	"care": true, "regional": true, "community": true, "general": true, "group": true, "infirmary": true, "llc": true, "inc": true, "system": true,
	"services": true, "insurance": true, "plan": true, "network": true, "pharmacy": true, "apothecary": true, "pediatrics": true, "cardiology": true, "oncology": true, "orthopedics": true, "family": true, "practice": true, "clinical": true, "reference": true, "bioscience": true, "biosciences": true}

// letterhead is what the issuer prints about itself over the form, without labels.
type letterhead struct {
	name     []sheet.Token
	strength float64
	address  []sheet.Token
	phone    []sheet.Token
	bottom   int // first row below the letterhead
}

// letterhead looks above the first labelled row of the first page. A name is a line there
// that has the words of an organisation or stands in tall letters; what follows it as an
// address and a telephone number makes it surer.
func (r *reading) letterhead() letterhead {
	var h letterhead
	if len(r.sheet.Pages) == 0 {
		return h
	}
	p := &r.sheet.Pages[0]
	h.bottom = r.firstLabelled(p)
	taken := r.taken()
	nameRow := -1
	best := 0.0
	for i := 0; i < h.bottom && i < len(p.Rows); i++ {
		for _, ph := range p.Rows[i].Phrases {
			ph = sheet.NewPhrase(ph.Row, withoutLogo(ph.Tokens))
			score := r.issuerScore(p, ph, taken)
			if score > best {
				best, h.name, nameRow = score, ph.Tokens, i
			}
		}
	}
	if nameRow < 0 {
		return h
	}
	h.strength = 0.74 + min(best, 4)*0.045
	for i := nameRow; i < len(p.Rows) && i <= nameRow+5 && i <= h.bottom+1; i++ {
		for _, ph := range p.Rows[i].Phrases {
			r.contact(&h, ph, i > nameRow)
		}
	}
	if len(h.address) > 0 || len(h.phone) > 0 {
		h.strength = min(h.strength+0.06, 0.95)
	}
	return h
}

// withoutLogo drops what OCR makes of a picture beside a name: one or two signs at an end
// that are much taller or lower than the words, or were hardly read.
func withoutLogo(tokens []sheet.Token) []sheet.Token {
	for len(tokens) > 1 && stray(tokens[0], tokens[1]) {
		tokens = tokens[1:]
	}
	for n := len(tokens); n > 1 && stray(tokens[n-1], tokens[n-2]); n = len(tokens) {
		tokens = tokens[:n-1]
	}
	return tokens
}

func stray(t, beside sheet.Token) bool {
	if !t.OCR || len(lexicon.Normal(t.Text)) > 2 {
		return false
	}
	ratio := (t.Y1 - t.Y0) / (beside.Y1 - beside.Y0)
	return len(lexicon.Normal(t.Text)) == 0 || t.Confidence < 0.7 || ratio > 1.35 || ratio < 0.5
}

// firstLabelled is the first row that holds a label of the patient's or the document's data.
func (r *reading) firstLabelled(p *sheet.Page) int {
	first := len(p.Rows)
	for _, q := range r.pairs {
		switch q.Label.Name {
		case "clia", "facility.phone", "phone", "lab", "facility", "lab.address", "street", "city_state", "zip", "email", "title", "pages_claimed", "web":
			continue
		}
		if q.Page == p.Number && q.Row < first {
			first = q.Row
		}
	}
	if first == len(p.Rows) {
		first = min(first, 8)
	}
	return first
}

// issuerScore is how much a phrase looks like the issuer's name, 0 for not at all.
func (r *reading) issuerScore(p *sheet.Page, ph sheet.Phrase, taken func(sheet.Token) bool) float64 {
	if len(ph.Tokens) > 10 || taken(ph.Tokens[0]) || r.isTitle(ph.Tokens) {
		return 0
	}
	text := ph.Text()
	if strings.ContainsAny(text, "0123456789@:") || len(text) < 4 || len(lexicon.Tokens(text)) == 0 {
		return 0
	}
	score, words := 0.0, 0
	for _, t := range ph.Tokens {
		for _, w := range lexicon.Tokens(t.Text) {
			if organisation[w] {
				words++
			}
		}
	}
	tall := height(ph.Tokens) / p.Height
	switch {
	case words > 0 && len(ph.Tokens) > 1:
		score = 1.5 + 0.5*float64(min(words, 2))
	case tall < 1.25 || len(ph.Tokens) < 2:
		return 0
	}
	score += min(max(tall-1, 0), 1.5)
	if reportTitle(text) {
		return 0
	}
	return score - 2*ph.Y0
}

// reportTitle reports a line that names the paper, not its issuer.
func reportTitle(text string) bool {
	words := lexicon.Tokens(text)
	return slices.ContainsFunc(words, func(w string) bool {
		switch w {
		case "report", "summary", "results", "page", "confidential", "final", "record", "note", "notes", "fax", "department", "form", "copy":
			return true
		}
		return false
	})
}

func (r *reading) isTitle(tokens []sheet.Token) bool {
	return len(r.guess.Title) > 0 && slices.ContainsFunc(r.guess.Title, func(t sheet.Token) bool {
		return t.Page == tokens[0].Page && t.Word == tokens[0].Word
	})
}

func height(tokens []sheet.Token) float64 {
	most := 0.0
	for _, t := range tokens {
		most = max(most, t.Y1-t.Y0)
	}
	return most
}

// contact takes an address line or a telephone number out of a phrase of the letterhead.
func (r *reading) contact(h *letterhead, ph sheet.Phrase, below bool) {
	tokens := ph.Tokens
	if below && len(h.address) == 0 {
		if a, _, ok := value.ParseAddress(ph.Text()); ok && a.ZIP != "" && len(tokens) <= 14 {
			h.address = tokens
			return
		}
	}
	if len(h.phone) > 0 {
		return
	}
	for i := range tokens {
		if strings.EqualFold(strings.TrimRight(tokens[i].Text, ":."), "fax") {
			return
		}
		for n := min(len(tokens), i+4); n > i; n-- {
			if _, _, why, ok := value.ParsePhone(sheet.Join(tokens[i:n])); ok && len(why) == 0 {
				h.phone = tokens[i:n]
				return
			}
		}
	}
}

// cutName doubts a name of which OCR may have lost letters, beside a logo or at an edge: it
// begins with a short word that could be the rest of one, or a word of it begins small.
func cutName(name []sheet.Token) []string {
	for i, t := range name {
		r := []rune(t.Text)
		stump := i == 0 && len(r) <= 2 && strings.ContainsAny(t.Text, "Il1")
		if t.OCR && (stump || unicode.IsLower(r[0]) && (i == 0 || len(r) > 3)) {
			return []string{"letters of the name may be lost"}
		}
	}
	return nil
}

// issuer writes the letterhead under the names of the type, where no label gave them.
func (r *reading) issuer(name, address, phone string) {
	h := r.letterhead()
	if name != "" && r.field(name) == nil && len(h.name) > 0 {
		r.putText(name, "", h.name, "letterhead", h.strength, cutName(h.name)...)
	}
	if address != "" && r.field(address) == nil && len(h.address) > 0 {
		r.put(draft.Finding{Name: address, Kind: "address", Tokens: h.address, Rule: "letterhead", Strength: 0.93,
			Read: value.Reading{Value: strings.Join(strings.Fields(sheet.Join(h.address)), " "), OK: true}})
	}
	if phone != "" && r.field(phone) == nil && len(h.phone) > 0 {
		r.put(draft.Finding{Name: phone, Kind: "phone", Tokens: h.phone, Rule: "letterhead", Strength: 0.93,
			Read: pairRead("phone", sheet.Join(h.phone))})
	}
}
