package form

import (
	"regexp"
	"strings"

	"chartlake/form/draft"
	"chartlake/form/lexicon"
	"chartlake/form/pair"
	"chartlake/form/sheet"
	"chartlake/value"
)

var (
	planType = regexp.MustCompile(`^(?i)(PPO|HMO|EPO|POS|HDHP|HMO-POS|PPO\+|PFFS|HSA|Indemnity)$`)
	metal    = regexp.MustCompile(`^(?i)(platinum|gold|silver|bronze|catastrophic)$`)
	webWord  = regexp.MustCompile(`^(?i)(https?://|www\.)\S+\.[a-z]{2,}\S*$`)
)

// insurer are words in the names of health plans.
var insurer = map[string]bool{"insurance": true, "health": true, "healthcare": true, "plan": true, "plans": true, "blue": true, "care": true,
	"assurance": true, "mutual": true, "benefits": true, "co": true, "inc": true, "medicare": true, "medicaid": true, "life": true, "group": true,
	"company": true, "medical": true, "choice": true, "wellness": true, "cross": true, "shield": true, "advantage": true, "cooperative": true}

// card reads an insurance card, both sides: what labels say, then the few things that cards
// print without a label.
func (r *reading) card() {
	r.fromPairs(func(p pair.Pair) bool { return p.Label.Name == "pcp.phone" && !r.nearPCP(p) })
	taken := r.taken()
	r.payer(taken)
	for _, p := range r.sheet.Pages {
		for _, row := range p.Rows {
			for _, ph := range row.Phrases {
				if !taken(ph.Tokens[0]) {
					r.unlabelled(ph)
				}
			}
		}
	}
	r.memberOverID(taken)
	r.dropEcho()
}

// nearPCP reports a telephone number that stands with the primary care provider: the label
// says only "Tel".
func (r *reading) nearPCP(p pair.Pair) bool {
	if len(lexicon.Tokens(p.Printed)) > 1 {
		return true
	}
	for _, q := range r.pairs {
		if q.Label.Name == "pcp" && q.Page == p.Page && p.Row >= q.Row && p.Row <= q.Row+1 {
			return true
		}
	}
	return false
}

// payer is the name in tall letters at the top of the front, when no label gives one.
func (r *reading) payer(taken func(sheet.Token) bool) {
	if r.field("payer") != nil || len(r.sheet.Pages) == 0 {
		return
	}
	p := &r.sheet.Pages[0]
	var best []sheet.Token
	most := 0.0
	top := 1.0
	for _, row := range p.Rows {
		top = min(top, row.Y0)
	}
	span := p.Rows[len(p.Rows)-1].Y1 - top
	for _, row := range p.Rows {
		if row.Y0 > top+0.3*span {
			break
		}
		for _, ph := range row.Phrases {
			ph.Tokens = withoutLogo(ph.Tokens)
			text := ph.Text()
			if taken(ph.Tokens[0]) || len(text) < 3 || strings.ContainsAny(text, "0123456789:$") || planType.MatchString(text) || cardTitle(text) {
				continue
			}
			score := height(ph.Tokens)/p.Height - 2*(row.Y0-top)/span
			for _, t := range ph.Tokens {
				if insurer[lexicon.Normal(t.Text)] {
					score += 0.6
					break
				}
			}
			if score > most {
				best, most = ph.Tokens, score
			}
		}
	}
	if len(best) == 0 || most < 0.9 {
		return
	}
	strength := 0.80
	if most > 1.3 {
		strength = 0.90
	}
	r.putText("payer", "", best, "top_line", strength)
}

func cardTitle(text string) bool {
	l := strings.ToLower(text)
	for _, w := range []string{"identification card", "id card", "member card", "insurance card", "front", "back of card", "membership card"} {
		if strings.Contains(l, w) {
			return true
		}
	}
	return false
}

// unlabelled reads a phrase that says by itself what it is.
func (r *reading) unlabelled(ph sheet.Phrase) {
	text := ph.Text()
	switch {
	case planType.MatchString(text):
		if r.field("plan.type") == nil {
			r.putText("plan.type", "", ph.Tokens, "own_word", 0.86)
		}
	case metal.MatchString(text):
		if r.field("tier") == nil {
			r.putText("tier", "", ph.Tokens, "own_word", 0.90)
		}
	case len(ph.Tokens) == 1 && webWord.MatchString(text):
		if r.field("web") == nil {
			r.putText("web", "", ph.Tokens, "own_shape", 0.93)
		}
	case len(ph.Tokens) <= 5 && typeOf(ph.Tokens) != "":
		if r.field("product") == nil && r.field("plan") != nil {
			r.putText("product", "", ph.Tokens, "own_word", 0.80)
		} else if r.field("product") == nil {
			r.putText("product", "", ph.Tokens, "own_word", 0.76)
		}
	}
}

// typeOf finds the kind of plan named inside a phrase ("AnyPlan X-EPO").
func typeOf(tokens []sheet.Token) string {
	for _, t := range tokens {
		for _, w := range strings.FieldsFunc(t.Text, func(c rune) bool { return c == '-' || c == '/' || c == ',' }) {
			if planType.MatchString(w) && w == strings.ToUpper(w) {
				return strings.ToUpper(w)
			}
		}
	}
	return ""
}

// memberOverID proposes the line over the member id as the member's name when no label gives
// one: only a proposal, because nothing on the card says so.
func (r *reading) memberOverID(taken func(sheet.Token) bool) {
	if r.field("member") != nil {
		return
	}
	for _, q := range r.pairs {
		if q.Label.Name != "member_id" {
			continue
		}
		p := r.page(q.Page)
		for i := q.Row - 1; p != nil && i >= 0 && i >= q.Row-2; i-- {
			for _, ph := range p.Rows[i].Phrases {
				read := value.Parse(value.PersonName, ph.Text(), value.Hint{})
				if taken(ph.Tokens[0]) || !read.OK || len(ph.Tokens) < 2 || ph.X0-q.Head[0].X0 > 3*p.Height {
					continue
				}
				r.put(draft.Finding{Name: "member", Kind: "name", Tokens: ph.Tokens, Read: read, Rule: "over_member_id", Strength: 0.7,
					Reasons: []string{"the name has no label; it stands over the member id"}})
				return
			}
		}
	}
}

func (r *reading) page(number int) *sheet.Page {
	for i := range r.sheet.Pages {
		if r.sheet.Pages[i].Number == number {
			return &r.sheet.Pages[i]
		}
	}
	return nil
}

// dropEcho sends to review identifiers that two labels claim with one value: one of the
// labels was then read wrongly.
func (r *reading) dropEcho() {
	ids := []string{"member_id", "group", "payer_id", "rx.bin", "rx.id"}
	for i, a := range ids {
		for _, b := range ids[i+1:] {
			fa, fb := r.field(a), r.field(b)
			if accepted(fa) && accepted(fb) && fa.Page == fb.Page && fa.Box == fb.Box {
				draft.Doubt(fa, "two labels claim this value")
				draft.Doubt(fb, "two labels claim this value")
			}
		}
	}
}
