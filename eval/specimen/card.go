package specimen

import (
	"math/rand/v2"
	"strings"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// The size of a card (ISO/IEC 7810 ID-1) in points.
const (
	cardWidth  = 242.65
	cardHeight = 153
)

// cardLayouts are the insurance card layouts for development.
func cardLayouts() []sheet.Layout[*fiction.Card] {
	return []sheet.Layout[*fiction.Card]{{Name: "plain", Draw: cardPlain}, {Name: "two-column", Draw: cardTwoColumn}, {Name: "copied", Draw: cardCopied}, {Name: "front-only", Draw: cardFrontOnly}}
}

type labelled struct{ label, name, value string }

// cardPlain has the payer as a word mark, labels left, and the pharmacy numbers in a row.
func cardPlain(d *sheet.Draft, c *fiction.Card, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Sans(), Size: 7.5}
	small := st.With(6.5)
	s := d.Add(cardWidth, cardHeight)
	s.Polygon(sheet.RGB(200, 60, 40), sheet.Point{X: 10, Y: 24}, sheet.Point{X: 18, Y: 8}, sheet.Point{X: 26, Y: 24})
	d.Value(s, 30, 20, "payer", c.Payer, st.With(11).Strong())
	d.ValueRight(s, 233, 20, "plan.type", c.PlanType, st.With(9).Strong())
	for i, l := range []labelled{{"Member:", "member", c.Member.FirstLast()}, {"Member ID:", "member_id", c.MemberID}, {"Group #:", "group", c.Group}, {"Plan:", "plan", c.Plan}, {"Effective:", "effective", c.Effective.Format("01/02/2006")}} {
		y := 42 + 12*float64(i)
		s.Text(10, y, l.label, small)
		d.Value(s, 56, y, l.name, l.value, st.Strong())
	}
	s.Text(158, 42, "Copays", small.Strong())
	for i, l := range []labelled{{"Office Visit", "copay.primary|office_visit", c.Primary}, {"Specialist", "copay.specialist|specialist_visit", c.Specialist}, {"Urgent Care", "copay.urgent", c.Urgent}, {"ER", "copay.er", c.Emergency}} {
		y := 52 + 10*float64(i)
		s.Text(158, y, l.label, small)
		d.ValueRight(s, 233, y, l.name, l.value, small)
	}
	s.Rule(10, 110, 233, 110, 0.6, sheet.RGB(200, 60, 40))
	for i, l := range []labelled{{"RxBIN:", "rx.bin", c.BIN}, {"RxPCN:", "rx.pcn", c.PCN}, {"RxGrp:", "rx.group", c.RxGroup}} {
		d.Label(s, 10+78*float64(i), 124, l.label, small, 3, l.name, l.value, st)
	}
	d.Label(s, 10, 140, "Payer ID:", small, 3, "payer_id", c.PayerID, st)
	b := d.Add(cardWidth, cardHeight)
	for i, l := range []labelled{{"Customer Service:", "customer_service", fiction.Phone(c.CustomerService, 1)}, {"Provider Services:", "provider_service", fiction.Phone(c.ProviderService, 1)}, {"Pharmacist Line:", "pharmacist_phone", fiction.Phone(c.Pharmacist, 1)}} {
		d.Label(b, 10, 22+12*float64(i), l.label, small, 4, l.name, l.value, small.Strong())
	}
	b.Text(10, 66, "Submit claims to:", small.Strong())
	for i, line := range []string{c.ClaimsName, c.Claims.Street, c.Claims.CityLine()} {
		d.Field("claims_address", line, b, b.Text(10, 76+9*float64(i), line, small))
	}
	d.Value(b, 10, 112, "web", c.Web, small)
	b.Text(10, 142, "Possession of this card does not guarantee eligibility for benefits.", small.With(5.5))
}

// cardTwoColumn has labels above the values in two columns and a shaded foot with the copays.
func cardTwoColumn(d *sheet.Draft, c *fiction.Card, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Go(), Size: 7.5}
	tiny := st.With(5.2).In(sheet.Grey(70))
	s := d.Add(cardWidth, cardHeight)
	s.Fill(0, 0, 6, cardHeight, sheet.RGB(50, 110, 80))
	d.Value(s, 14, 18, "payer", strings.ToUpper(c.Payer), st.With(10).Strong().In(sheet.RGB(50, 110, 80)))
	put := func(x, y float64, l labelled, v sheet.Style) {
		s.Text(x, y, l.label, tiny)
		d.Value(s, x, y+9, l.name, l.value, v)
	}
	for i, l := range []labelled{{"SUBSCRIBER NAME", "member", c.Member.FirstLast()}, {"IDENTIFICATION NUMBER", "member_id", c.MemberID}, {"GROUP NUMBER", "group", c.Group}, {"COVERAGE EFFECTIVE", "effective", c.Effective.Format("Jan 2, 2006")}} {
		put(14, 30+20*float64(i), l, st.Strong())
	}
	for i, l := range []labelled{{"PLAN NAME", "plan", c.Plan}, {"PLAN TYPE", "plan.type", c.PlanType}, {"BIN", "rx.bin", c.BIN}, {"PCN", "rx.pcn", c.PCN}} {
		put(140, 30+20*float64(i), l, st)
	}
	put(195, 70, labelled{"RX GROUP", "rx.group", c.RxGroup}, st)
	s.Fill(6, 118, cardWidth-6, 35, sheet.Grey(228))
	for i, l := range []labelled{{"PCP", "copay.primary|office_visit", c.Primary}, {"SPECIALIST", "copay.specialist|specialist_visit", c.Specialist}, {"URGENT", "copay.urgent", c.Urgent}, {"EMERGENCY", "copay.er", c.Emergency}} {
		put(14+56*float64(i), 130, l, st.Strong())
	}
	b := d.Add(cardWidth, cardHeight)
	b.Fill(0, 12, cardWidth, 16, sheet.Grey(30))
	for i, l := range []labelled{{"Member services", "customer_service", fiction.Phone(c.CustomerService, 0)}, {"For providers", "provider_service", fiction.Phone(c.ProviderService, 0)}, {"For pharmacists", "pharmacist_phone", fiction.Phone(c.Pharmacist, 0)}, {"Online", "web", c.Web}} {
		b.Text(10, 44+12*float64(i), l.label, st.With(6.5))
		d.Value(b, 80, 44+12*float64(i), l.name, l.value, st.With(6.5))
	}
	b.Text(10, 104, "Claims address", st.With(6.5))
	line := c.ClaimsName + ", " + c.Claims.Street + ", " + c.Claims.CityLine()
	for i, part := range st.With(6.5).Wrap(line, 150) {
		d.Field("claims_address", part, b, b.Text(80, 104+9*float64(i), part, st.With(6.5)))
	}
	d.Label(b, 10, 132, "EDI payer ID", st.With(6.5), 4, "payer_id", c.PayerID, st.With(6.5))
}

// cardCopied is a letter page with both sides of a card side by side.
func cardCopied(d *sheet.Draft, c *fiction.Card, r *rand.Rand) {
	s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: sheet.Sans(), Size: 8.5}
	small := st.With(7.5)
	x, y := 34.0, 150+float64(r.IntN(60))
	const w, h = 265, 168
	s.Frame(x, y, w, h, 0.8, sheet.Grey(110))
	d.Value(s, x+10, y+20, "payer", c.Payer, st.With(12).Strong())
	for i, l := range []labelled{{"Name", "member", c.Member.LastFirst()}, {"ID No.", "member_id", c.MemberID}, {"Group", "group", c.Group}, {"Employer", "employer", c.Employer}, {"Plan", "plan", c.Plan}} {
		s.Text(x+10, y+40+14*float64(i), l.label, small)
		d.Value(s, x+54, y+40+14*float64(i), l.name, l.value, st.Strong())
	}
	for i, l := range []labelled{{"PCP", "copay.primary|office_visit", c.Primary}, {"SPC", "copay.specialist|specialist_visit", c.Specialist}, {"ER", "copay.er", c.Emergency}} {
		d.Label(s, x+10+62*float64(i), y+116, l.label, small, 4, l.name, l.value, small.Strong())
	}
	for i, l := range []labelled{{"BIN", "rx.bin", c.BIN}, {"PCN", "rx.pcn", c.PCN}, {"RxGroup", "rx.group", c.RxGroup}} {
		d.Label(s, x+10+80*float64(i), y+134, l.label, small, 4, l.name, l.value, small)
	}
	d.Label(s, x+10, y+154, "Deductible Ind/Fam:", small, 4, "deductible", c.Deductible, small)
	x += w + 14
	s.Frame(x, y, w, h, 0.8, sheet.Grey(110))
	for i, l := range []labelled{{"Customer service", "customer_service", fiction.Phone(c.CustomerService, 1)}, {"Provider service", "provider_service", fiction.Phone(c.ProviderService, 1)}, {"Pharmacy help desk", "pharmacist_phone", fiction.Phone(c.Pharmacist, 1)}} {
		s.Text(x+10, y+22+13*float64(i), l.label, small)
		d.Value(s, x+100, y+22+13*float64(i), l.name, l.value, small)
	}
	s.Text(x+10, y+74, "Mail paper claims to:", small)
	for i, line := range []string{c.ClaimsName, c.Claims.Street, c.Claims.CityLine()} {
		d.Field("claims_address", line, s, s.Text(x+10, y+86+11*float64(i), line, small))
	}
	d.Label(s, x+10, y+132, "Payer ID", small, 4, "payer_id", c.PayerID, small)
	d.Value(s, x+10, y+150, "web", c.Web, small)
}

// cardFrontOnly is the front of a card alone, as patients send it, with a primary care
// provider and cost sharing.
func cardFrontOnly(d *sheet.Draft, c *fiction.Card, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Serif(), Size: 8}
	small := st.With(7)
	s := d.Add(cardWidth, cardHeight)
	s.Paper = sheet.RGB(240, 244, 250)
	d.Value(s, 12, 20, "payer", c.Payer, st.With(12).Strong().In(sheet.RGB(30, 40, 120)))
	s.Rule(12, 25, 230, 25, 0.8, sheet.RGB(30, 40, 120))
	d.Value(s, 12, 40, "member", strings.ToUpper(c.Member.FirstLast()), st.With(9).Strong())
	d.Label(s, 12, 54, "ID", small, 6, "member_id", c.MemberID, st.Strong())
	d.Label(s, 12, 66, "GROUP", small, 6, "group", c.Group, st)
	d.Label(s, 130, 54, "PLAN", small, 6, "plan", c.Plan, st)
	d.Label(s, 130, 66, "NETWORK TYPE", small, 6, "plan.type", c.PlanType, st)
	d.Label(s, 12, 82, "Primary care:", small, 4, "pcp", c.PCP, st)
	d.Label(s, 150, 82, "Tel:", small, 4, "pcp.phone", fiction.Phone(c.PCPPhone, 1), small)
	d.Label(s, 12, 98, "Deductible", small, 4, "deductible", c.Deductible, st)
	d.Label(s, 110, 98, "OOP Max", small, 4, "oop_max", c.OutMax, st)
	d.Label(s, 12, 112, "Coinsurance", small, 4, "coinsurance", c.Coinsurance, st)
	d.Label(s, 110, 112, "Rx copay", small, 4, "copay.rx", c.Rx, st)
	for i, l := range []labelled{{"RX BIN", "rx.bin", c.BIN}, {"PCN", "rx.pcn", c.PCN}, {"RX GRP", "rx.group", c.RxGroup}} {
		d.Label(s, 12+76*float64(i), 130, l.label, small, 4, l.name, l.value, st)
	}
	d.Label(s, 12, 145, "Effective date", small, 4, "effective", c.Effective.Format("01/02/06"), small)
}
