package fiction

import (
	"fmt"
	"strings"
	"time"
)

// Card is the facts of a health insurance card, front and back.
type Card struct {
	Payer, Plan, PlanType string // PlanType is HMO, PPO, EPO or POS
	Member                Person
	MemberID              string
	Group, Employer       string
	PayerID               string
	Effective             time.Time
	BIN, PCN, RxGroup     string
	Primary, Specialist   string // copays as printed
	Urgent, Emergency, Rx string
	Deductible, OutMax    string // individual and family, joined by a slash
	Coinsurance           string
	CustomerService       string // ten digits
	ProviderService       string
	Pharmacist            string
	ClaimsName            string
	Claims                Address
	Web                   string
	PCP                   string
	PCPPhone              string
	Planted               []Planted
}

// Card invents a card.
func (s Source) Card() *Card {
	at := time.Date(2025, time.Month(1+s.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
	c := &Card{
		Payer: pick(s, payers), PlanType: Pick(s, "HMO", "PPO", "PPO", "EPO", "POS"), Member: s.Person(),
		Employer: pick(s, employers), PayerID: s.Digits(5), Effective: at,
		BIN: "0" + s.Digits(5), PCN: s.Letters(Pick(s, 3, 4, 6)), CustomerService: s.tollFree(), ProviderService: s.tollFree(), Pharmacist: s.tollFree(),
		PCP: s.Provider().FirstLast(), PCPPhone: s.Phone(), Claims: s.Address(),
	}
	c.Plan = Pick(s, "Select", "Choice Plus", "Advantage", "Open Access", "Core", "Premier") + " " + Pick(s, "1500", "2000", "Gold", "Silver", "Bronze", "80/20")
	c.MemberID = Pick(s, s.Letters(3)+s.Digits(9), s.Digits(9)+" "+Pick(s, "01", "02"), "W"+s.Digits(8), s.Letters(1)+s.Digits(3)+" "+s.Digits(5))
	c.Group = Pick(s, s.Digits(6), s.Digits(5)+"-"+s.Digits(3), s.Letters(2)+s.Digits(5))
	c.RxGroup = Pick(s, "RX"+s.Digits(4), s.Letters(5), s.Letters(2)+s.Digits(4))
	five := func(lo, n int) string { return fmt.Sprintf("$%d", lo+5*s.IntN(n)) }
	c.Primary, c.Specialist, c.Urgent, c.Emergency = five(10, 6), five(40, 6), five(50, 5), five(100, 40)
	c.Rx = fmt.Sprintf("$%d/$%d/$%d", 5+5*s.IntN(3), 25+5*s.IntN(4), 50+5*s.IntN(8))
	deductible := 250 * (1 + s.IntN(12))
	c.Deductible = fmt.Sprintf("$%d/$%d", deductible, 2*deductible)
	most := deductible + 500*(2+s.IntN(10))
	c.OutMax = fmt.Sprintf("$%d/$%d", most, 2*most)
	c.Coinsurance = Pick(s, "10%", "20%", "30%")
	c.Claims.Street = "P.O. Box " + s.Digits(5)
	c.ClaimsName = c.Payer + " Claims"
	c.Web = "www." + strings.ToLower(strings.ReplaceAll(c.Payer, " ", "")) + ".example.com"
	return c
}

// tollFree invents a toll-free number of the range kept for fiction.
func (s Source) tollFree() string {
	return Pick(s, "800", "844", "855", "866", "877", "888") + fmt.Sprintf("555%04d", 100+s.IntN(100))
}
