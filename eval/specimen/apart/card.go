package apart

import (
	"math/rand/v2"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// The size of a card (ISO/IEC 7810 ID-1) in points.
const (
	cardWidth  = 242.65
	cardHeight = 153
)

// band is a card of its own size, front and back a page each, with the payer on a coloured
// band, labels above the values and copays along the foot.
func band(d *sheet.Draft, c *fiction.Card, r *rand.Rand) {
	st := sheet.Style{Family: cardType(), Size: 7.5}
	tiny := st.With(5.2).In(sheet.Grey(60))
	s := d.Add(cardWidth, cardHeight)
	s.Fill(0, 0, cardWidth, 26, sheet.RGB(18, 74, 110))
	d.Value(s, 10, 17, "payer", c.Payer, st.With(11).Strong().In(sheet.White))
	d.ValueRight(s, 233, 17, "plan.type", c.PlanType, st.With(10).Strong().In(sheet.White))
	put := func(x, y float64, label, name, value string, v sheet.Style) {
		s.Text(x, y, label, tiny)
		d.Value(s, x, y+9, name, value, v)
	}
	put(10, 36, "Member Name", "member", c.Member.FirstLast(), st.With(8.5).Strong())
	put(10, 58, "Member ID", "member_id", c.MemberID, st.With(8.5).Strong())
	put(130, 58, "Group No.", "group", c.Group, st)
	put(10, 80, "Plan", "plan", c.Plan, st)
	put(130, 80, "Effective Date", "effective", c.Effective.Format("01/02/2006"), st)
	put(10, 102, "RxBIN", "rx.bin", c.BIN, st)
	put(70, 102, "RxPCN", "rx.pcn", c.PCN, st)
	put(130, 102, "RxGrp", "rx.group", c.RxGroup, st)
	put(190, 102, "Payer ID", "payer_id", c.PayerID, st)
	s.Rule(10, 120, 233, 120, 0.5, sheet.Grey(120))
	put(10, 129, "PCP Visit", "copay.primary|office_visit", c.Primary, st)
	put(60, 129, "Specialist", "copay.specialist|specialist_visit", c.Specialist, st)
	put(115, 129, "Urgent Care", "copay.urgent", c.Urgent, st)
	put(180, 129, "Emergency Room", "copay.er", c.Emergency, st)
	b := d.Add(cardWidth, cardHeight)
	b.Fill(0, 10, cardWidth, 18, sheet.Grey(40))
	for i, line := range [][3]string{
		{"Member Services", "customer_service", fiction.Phone(c.CustomerService, 1)}, {"Providers call", "provider_service", fiction.Phone(c.ProviderService, 1)},
		{"Pharmacist help desk", "pharmacist_phone", fiction.Phone(c.Pharmacist, 1)}, {"Website", "web", c.Web},
	} {
		y := 46 + 11*float64(i)
		b.Text(10, y, line[0], st.With(6.5))
		d.Value(b, 90, y, line[1], line[2], st.With(6.5).Strong())
	}
	b.Text(10, 100, "Mail claims to", st.With(6.5))
	address := c.ClaimsName + ", " + c.Claims.Street + ", " + c.Claims.CityLine()
	y := 100.0
	for i, line := range st.With(6.5).Wrap(address, 145) {
		d.Field("claims_address", line, b, b.Text(90, y+9*float64(i), line, st.With(6.5)))
	}
	b.Text(10, 140, "This card does not guarantee coverage. Carry it at all times.", tiny)
}

// photocopy is a letter page on which both sides of a card were copied; labels stand left
// of the values and the copays in a list.
func photocopy(d *sheet.Draft, c *fiction.Card, r *rand.Rand) {
	s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: cardType(), Size: 10}
	x, y := 110+float64(r.IntN(60)), 90+float64(r.IntN(40))
	const w, h = 360, 226
	s.Frame(x, y, w, h, 1, sheet.Grey(80))
	d.Value(s, x+14, y+26, "payer", c.Payer, st.With(15).Strong())
	s.Rule(x+14, y+34, x+w-14, y+34, 1, sheet.Black)
	left := [][3]string{{"Subscriber:", "member", c.Member.LastFirst()}, {"ID#:", "member_id", c.MemberID}, {"Grp#:", "group", c.Group},
		{"Employer:", "employer", c.Employer}, {"Plan:", "plan", c.Plan}, {"Type:", "plan.type", c.PlanType}}
	for i, row := range left {
		d.Label(s, x+14, y+52+17*float64(i), row[0], st.With(9), 5, row[1], row[2], st.Strong())
	}
	right := [][3]string{{"Office", "copay.primary|office_visit", c.Primary}, {"Spec", "copay.specialist|specialist_visit", c.Specialist}, {"ER", "copay.er", c.Emergency}, {"Rx", "copay.rx", c.Rx}}
	s.Text(x+230, y+52, "Copayments", st.With(9).Strong())
	for i, row := range right {
		s.Text(x+230, y+69+15*float64(i), row[0], st.With(9))
		d.Value(s, x+275, y+69+15*float64(i), row[1], row[2], st.With(9))
	}
	d.Label(s, x+14, y+h-38, "BIN", st.With(8.5), 4, "rx.bin", c.BIN, st.With(9))
	d.Label(s, x+110, y+h-38, "PCN", st.With(8.5), 4, "rx.pcn", c.PCN, st.With(9))
	d.Label(s, x+210, y+h-38, "GRP", st.With(8.5), 4, "rx.group", c.RxGroup, st.With(9))
	d.Label(s, x+14, y+h-16, "Deductible", st.With(8.5), 4, "deductible", c.Deductible, st.With(9))
	d.Label(s, x+180, y+h-16, "Out-of-pocket max", st.With(8.5), 4, "oop_max", c.OutMax, st.With(9))
	y += h + 60
	s.Frame(x, y, w, h, 1, sheet.Grey(80))
	s.Text(x+14, y+24, "Important telephone numbers", st.With(9).Strong())
	for i, row := range [][3]string{{"Customer Service:", "customer_service", fiction.Phone(c.CustomerService, 0)},
		{"Provider Inquiries:", "provider_service", fiction.Phone(c.ProviderService, 0)}, {"Pharmacy Help:", "pharmacist_phone", fiction.Phone(c.Pharmacist, 0)}} {
		d.Label(s, x+14, y+44+16*float64(i), row[0], st.With(9), 5, row[1], row[2], st.With(9))
	}
	s.Text(x+14, y+108, "Send claims to:", st.With(9).Strong())
	for i, line := range []string{c.ClaimsName, c.Claims.Street, c.Claims.CityLine()} {
		d.Field("claims_address", line, s, s.Text(x+14, y+122+13*float64(i), line, st.With(9)))
	}
	d.Label(s, x+14, y+180, "Electronic payer ID:", st.With(9), 5, "payer_id", c.PayerID, st.With(9))
	d.Value(s, x+14, y+200, "web", c.Web, st.With(9))
}
