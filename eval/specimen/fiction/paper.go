package fiction

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"chartlake/terminology"
)

// Paper is the facts of one of the plainer documents: labelled values, blocks of values with
// rows, and headed texts. A value is a string, a Day, a Moment, a Person, a Provider, a Tel,
// Cents or a list of strings; the layout decides how each is printed. Names are those of
// fields of the record.
type Paper struct {
	Patient Person
	Values  map[string]any
	Blocks  []Block
	Texts   map[string]string // marked up, see package sheet
	Said    []string          // sentences without a label that the kind always prints
	Planted []Planted
	Silent  []string // checks that must stay silent unless planted
}

// Block is a part with its own values and rows: one claim of a remittance.
type Block struct {
	Values map[string]any
	Rows   []map[string]any
}

// Day is a date, Moment a date with a time of day, Tel ten digits, Cents an amount.
type (
	Day    time.Time
	Moment time.Time
	Tel    string
	Cents  int64
)

// Paper invents the facts of a document of this kind; nil for a kind that it does not know.
func (s Source) Paper(kind string) *Paper {
	make := papers[kind]
	if make == nil {
		return nil
	}
	p := &Paper{Patient: s.Person(), Values: map[string]any{}, Texts: map[string]string{}}
	at := time.Date(2025, time.Month(1+s.IntN(12)), 1+s.IntN(28), 8+s.IntN(9), s.IntN(60), 0, 0, time.UTC)
	v := p.Values
	v["patient"], v["dob"], v["sex"], v["mrn"] = p.Patient, Day(p.Patient.Birth), p.Patient.Sex, s.Digits(7)
	v["date"] = Day(at)
	make(s, p, at)
	return p
}

var papers = map[string]func(Source, *Paper, time.Time){
	"eob": (Source).eob, "remittance": (Source).remittance, "ub04": (Source).ub04,
	"imaging_report": (Source).imaging, "pathology_report": (Source).pathology,
	"prescription": (Source).prescription, "refill_request": (Source).refill,
	"immunization_card": (Source).shots, "medication_administration_record": (Source).doses,
	"prior_auth_request": (Source).authRequest, "prior_auth_determination": (Source).authDecision,
	"referral": (Source).referral, "consult_letter": (Source).consult,
	"history_and_physical": (Source).history, "progress_note": (Source).progress,
	"operative_report": (Source).operation, "nursing_note": (Source).nursing, "emergency_note": (Source).emergency,
	"discharge_instructions": (Source).going,
	"fax_cover_sheet":        (Source).cover, "records_request": (Source).records, "payer_correspondence": (Source).letter,
	"medical_invoice": (Source).bill, "consent": (Source).agreement, "patient_intake_form": (Source).registration,
	"junk": (Source).junk, "unknown": (Source).nothing,
}

// PaperKinds lists the kinds that Paper knows, in the order of the document types reference.
func PaperKinds() []string {
	return []string{"ub04", "eob", "remittance", "imaging_report", "pathology_report", "progress_note", "history_and_physical", "emergency_note",
		"operative_report", "nursing_note", "medication_administration_record", "discharge_instructions", "referral", "consult_letter", "prescription",
		"refill_request", "immunization_card", "prior_auth_request", "prior_auth_determination", "patient_intake_form", "consent", "fax_cover_sheet",
		"records_request", "payer_correspondence", "medical_invoice", "junk", "unknown"}
}

// plant puts one contradiction on the paper, now and then.
func (p *Paper) plant(code string, fields []string, note string) {
	p.Planted = append(p.Planted, Planted{code, fields, note})
}

// procedureCode and diagnosisCode have the form of codes and are drawn at random.
func (s Source) procedureCode() string { return Pick(s, "9", "7", "8") + s.Digits(4) }

func (s Source) diagnosisCode() string {
	code := fmt.Sprintf("%s%02d.%d", Pick(s, "E", "I", "J", "K", "M", "N", "R"), 10+s.IntN(80), s.IntN(10))
	list := billable()
	return list[sort.SearchStrings(list, code)%len(list)]
}

// billable are the short diagnosis codes that may be billed, sorted.
var billable = sync.OnceValue(func() []string {
	var out []string
	for code, may := range terminology.ICD10CMCodes() {
		if may && len(code) >= 5 && len(code) <= 6 && strings.Contains("EIJKMNR", code[:1]) {
			out = append(out, code)
		}
	}
	return out
})

// drugs are all drugs of the stories.
func drugs() []Drug {
	var out []Drug
	for _, c := range comorbidities {
		out = append(out, c.drug)
	}
	for _, i := range stories {
		out = append(out, i.drugs...)
	}
	return out
}

// DEA invents a number whose last digit is the check digit (DEA, registration numbers).
func (s Source) DEA(last string) string {
	d := s.Digits(6)
	n := func(i int) int { return int(d[i] - '0') }
	return Pick(s, "A", "B", "F", "M") + strings.ToUpper(last[:1]) + d + fmt.Sprint((n(0)+n(2)+n(4)+2*(n(1)+n(3)+n(5)))%10)
}

// wrongDigit changes the last digit.
func wrongDigit(id string) string {
	return id[:len(id)-1] + string('0'+(id[len(id)-1]-'0'+1)%10)
}

// plantNPI spoils a check digit in one of eight documents.
func (p *Paper) plantNPI(s Source, name string) {
	p.Silent = append(p.Silent, "npi_check_digit")
	if npi, ok := p.Values[name].(string); ok && len(p.Planted) == 0 && s.Chance(0.12) {
		p.Values[name] = wrongDigit(npi)
		p.plant("npi_check_digit", []string{name}, "the check digit of the NPI is wrong")
	}
}

func (s Source) payer(p *Paper) {
	v := p.Values
	a := s.Address()
	v["payer"], v["payer.address"], v["member_id"], v["group"] = pick(s, payers), a.Street+", "+a.CityLine(), s.Letters(3)+s.Digits(9), s.Digits(6)
	v["payer.phone"] = Tel(s.Phone())
}

// claim invents one settled claim: rows that add up.
func (s Source) claim(at time.Time, rows int) Block {
	b := Block{Values: map[string]any{}}
	var billed, allowed, paid, owed, discount Cents
	for i := range rows {
		charge := Cents(4000 + 25*int64(s.IntN(1600)))
		allow := charge * Cents(55+s.IntN(35)) / 100
		share, kind := Cents(0), "copay"
		switch s.IntN(4) {
		case 0:
			share, kind = 2500, "copay"
		case 1:
			share, kind = allow/5, "coinsurance"
		case 2:
			share, kind = min(allow, 6000), "deductible"
		}
		share = min(share, allow)
		row := map[string]any{"line.dos": Day(at.AddDate(0, 0, -20+i)), "line.code": s.procedureCode(), "line.units": fmt.Sprint(1 + s.IntN(3)),
			"line.description": Pick(s, "Office visit", "Laboratory", "Radiology", "Injection", "Therapy"),
			"line.billed":      charge, "line.allowed": allow, "line.discount": charge - allow, "line.paid": allow - share,
			"line.deductible": Cents(0), "line.coinsurance": Cents(0), "line.copay": Cents(0), "line.patient_responsibility": share}
		row["line."+kind] = share
		b.Rows = append(b.Rows, row)
		billed, allowed, paid, owed, discount = billed+charge, allowed+allow, paid+allow-share, owed+share, discount+charge-allow
		if carc := map[string]string{"deductible": "1", "coinsurance": "2", "copay": "3"}[kind]; share > 0 {
			row["line.adjustments"] = []string{"CO-45 " + (charge - allow).String(), "PR-" + carc + " " + share.String()}
		} else {
			row["line.adjustments"] = []string{"CO-45 " + (charge - allow).String()}
		}
	}
	v := b.Values
	v["claim_number"], v["patient_account"] = s.Digits(2)+s.Letters(1)+s.Digits(8), s.Letters(2)+s.Digits(6)
	v["billed"], v["allowed"], v["paid"], v["patient_responsibility"], v["discount"] = billed, allowed, paid, owed, discount
	v["dos.from"], v["dos.to"] = Day(at.AddDate(0, 0, -20)), Day(at.AddDate(0, 0, -21+rows))
	return b
}

// String prints an amount with two decimals and commas.
func (c Cents) String() string {
	whole := fmt.Sprint(int64(c) / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s.%02d", whole, int64(c)%100)
}

func (s Source) eob(p *Paper, at time.Time) {
	s.payer(p)
	v := p.Values
	v["provider"] = s.Provider()
	b := s.claim(at, 1+s.IntN(4))
	b.Values["you_owe"], b.Values["plan_paid"] = b.Values["patient_responsibility"], b.Values["paid"]
	p.Blocks = []Block{b}
	p.Said = []string{"THIS IS NOT A BILL", "Keep this statement for your records."}
	p.Silent = append(p.Silent, "sum_mismatch", "patient_responsibility", "allowed_bounds")
	p.spoilClaim(s, &p.Blocks[0])
}

// spoilClaim makes a total contradict its rows.
func (p *Paper) spoilClaim(s Source, b *Block) {
	if !s.Chance(0.25) {
		return
	}
	name := Pick(s, "billed", "paid")
	b.Values[name] = b.Values[name].(Cents) + 1000
	if name == "paid" && b.Values["plan_paid"] != nil {
		b.Values["plan_paid"] = b.Values[name]
	}
	p.plant("sum_mismatch", []string{name}, "the total is not the sum of the lines")
}

func (s Source) remittance(p *Paper, at time.Time) {
	s.payer(p)
	v := p.Values
	delete(v, "patient")
	delete(v, "dob")
	delete(v, "sex")
	delete(v, "mrn")
	v["payee"], v["payee.npi"] = pick(s, practices), s.NPI()
	v["payment_number"], v["payment_date"], v["payment_method"] = s.Digits(9), Day(at), Pick(s, "CHECK", "EFT")
	sum := Cents(0)
	for i := range 1 + s.IntN(3) {
		b := s.claim(at, 1+s.IntN(3))
		who := p.Patient
		if i > 0 {
			other := NewSource(s.seed+uint64(i)*7919, "person")
			who = other.Person()
		}
		b.Values["patient"], b.Values["member_id"] = who, s.Letters(3)+s.Digits(9)
		b.Values["claim_status"] = "1"
		sum += b.Values["paid"].(Cents)
		p.Blocks = append(p.Blocks, b)
	}
	v["payment_amount"] = sum
	p.Silent = append(p.Silent, "sum_mismatch", "patient_responsibility")
	if s.Chance(0.2) {
		v["payment_amount"] = sum + 5000
		p.plant("sum_mismatch", []string{"payment_amount"}, "the payment is not the sum of the claims")
	}
	p.plantNPI(s, "payee.npi")
}

// ub04 is a hospital bill: an inpatient stay or an outpatient visit.
func (s Source) ub04(p *Paper, at time.Time) {
	v := p.Values
	clear(v)
	in := s.Chance(0.5)
	from := at.AddDate(0, 0, -3-s.IntN(5))
	a := s.Address()
	v["FL1"] = []string{pick(s, hospitals), a.Street, a.CityLine(), Phone(s.Phone(), 0)}
	v["FL3a"], v["FL3b"], v["FL4"], v["FL5"] = s.Letters(2)+s.Digits(7), s.Digits(7), "0131", s.Digits(2)+"-"+s.Digits(7)
	v["FL6.from"], v["FL6.through"] = Day(from), Day(at)
	v["FL8b"], v["FL9a"], v["FL9b"], v["FL9c"], v["FL9d"] = strings.ToUpper(p.Patient.LastFirst()), strings.ToUpper(p.Patient.Street), strings.ToUpper(p.Patient.City), p.Patient.State, p.Patient.ZIP
	v["FL10"], v["FL11"], v["FL12"] = Day(p.Patient.Birth), p.Patient.Sex, Day(from)
	v["FL13"], v["FL14"], v["FL15"], v["FL17"] = fmt.Sprintf("%02d", s.IntN(24)), Pick(s, "1", "2", "3"), Pick(s, "1", "2", "4"), "01"
	if in {
		v["FL4"], v["FL16"], v["FL69"] = "0111", fmt.Sprintf("%02d", s.IntN(24)), strings.ReplaceAll(s.diagnosisCode(), ".", "")
	}
	v["FL39a.code"], v["FL39a.amount"] = Pick(s, "01", "80"), Cents(int64(s.IntN(900))*100)
	v["FL50A"], v["FL51A"], v["FL52A"], v["FL53A"] = strings.ToUpper(pick(s, payers)), s.Digits(5), "Y", "Y"
	v["FL56"], v["FL58A"], v["FL59A"], v["FL60A"] = s.NPI(), strings.ToUpper(p.Patient.LastFirst()), "18", s.Letters(3)+s.Digits(9)
	v["FL61A"], v["FL62A"], v["FL63A"] = strings.ToUpper(pick(s, employers)), s.Digits(6), s.Digits(9)
	v["FL66"], v["FL67"] = "0", strings.ReplaceAll(s.diagnosisCode(), ".", "")
	for i, n := 0, s.IntN(6); i < n; i++ {
		v["FL67"+string(rune('A'+i))] = strings.ReplaceAll(s.diagnosisCode(), ".", "")
	}
	doctor := s.Provider()
	v["FL76.npi"], v["FL76.last"], v["FL76.first"] = doctor.NPI, strings.ToUpper(doctor.Last), strings.ToUpper(doctor.First)
	total := Cents(0)
	b := Block{Values: map[string]any{}}
	for i := range 2 + s.IntN(8) {
		units := int64(1 + s.IntN(4))
		rate := Cents(2500 + 50*int64(s.IntN(900)))
		row := map[string]any{"FL42": fmt.Sprintf("0%d%d0", 2+s.IntN(7), s.IntN(9)), "FL43": Pick(s, "LABORATORY", "PHARMACY", "EMERG ROOM", "CT SCAN", "SUPPLIES", "THERAPY"),
			"FL45": Day(from.AddDate(0, 0, min(i, 3))), "FL46": fmt.Sprint(units), "FL47": rate * Cents(units)}
		if !in {
			row["FL44.code"] = s.procedureCode()
		}
		total += rate * Cents(units)
		b.Rows = append(b.Rows, row)
	}
	b.Values["total"] = total
	p.Blocks = []Block{b}
	p.Silent = append(p.Silent, "sum_mismatch", "date_order", "ein_format", "npi_check_digit")
	switch s.IntN(8) {
	case 0:
		b.Values["total"] = total + 10000
		p.plant("sum_mismatch", []string{"FL47"}, "the total is not the sum of the lines")
	case 1:
		v["FL56"] = wrongDigit(v["FL56"].(string))
		p.plant("npi_check_digit", []string{"FL56"}, "the check digit of the NPI is wrong")
	case 2:
		v["FL6.from"], v["FL6.through"] = Day(at), Day(from)
		p.plant("date_order", []string{"FL6.from"}, "the statement ends before it begins")
	}
}

var exams = []struct{ name, technique, findings, impression string }{
	{"CT chest without contrast", "Axial images were obtained from the lung apices to the adrenal glands.", "There is a 6 mm nodule in the right upper lobe. No pleural effusion. The heart is of normal size.", "Six millimeter nodule of the right upper lobe. Follow-up in 12 months is suggested."},
	{"MRI lumbar spine", "Sagittal and axial images in the usual sequences.", "Broad based disc bulge at L4-L5 with mild narrowing of the canal. The conus ends at L1.", "Mild narrowing of the spinal canal at L4-L5."},
	{"X-ray left wrist, 3 views", "Three views of the left wrist.", "No fracture or dislocation. Soft tissues are unremarkable.", "No acute bone injury."},
	{"Ultrasound abdomen complete", "Real time images with a curved transducer.", "The liver is echogenic. The gallbladder holds several mobile stones. No dilatation of the bile ducts.", "Gallstones without signs of inflammation. Fatty liver."},
	{"Screening mammogram, both breasts", "Standard views of both breasts.", "Scattered fibroglandular densities. No suspicious mass or calcification.", "Benign findings. Annual screening is recommended."},
}

func (s Source) reportHead(p *Paper, at time.Time) {
	v := p.Values
	v["facility"], v["facility.phone"], v["account"] = pick(s, hospitals), Tel(s.Phone()), s.Letters(2)+s.Digits(8)
	a := s.Address()
	v["address"] = a.Street + ", " + a.CityLine()
	v["ordering"], v["provider"] = s.Provider(), s.Provider()
	v["signed"], v["signed.date"] = s.Provider(), Moment(at.Add(3*time.Hour))
	p.Silent = append(p.Silent, "date_order")
}

func (s Source) imaging(p *Paper, at time.Time) {
	s.reportHead(p, at)
	e := pick(s, exams)
	p.Values["exam"], p.Values["status"] = e.name, Pick(s, "Final", "Final", "Preliminary")
	p.Texts["indication"] = Pick(s, "Persistent cough for six weeks.", "Pain after a fall.", "Screening.", "Right upper quadrant pain.")
	p.Texts["technique"], p.Texts["findings"], p.Texts["impression"] = e.technique, e.findings, e.impression
	p.Texts["comparison"] = Pick(s, "None available.", "Prior study of last year.")
	if s.Chance(0.15) {
		p.Values["dob"] = Day(at.AddDate(1, 0, 0))
		p.plant("date_order", []string{"dob"}, "the birth date lies after the examination")
	}
}

var specimens = []struct{ name, gross, micro, diagnosis string }{
	{"Skin, left forearm, shave biopsy", "Received in formalin is a tan shave of skin, 0.8 x 0.6 x 0.1 cm.", "Sections show nests of benign melanocytes at the junction and in the dermis.", "Compound melanocytic nevus. Margins are free."},
	{"Colon, sigmoid, polypectomy", "A pink polypoid fragment of 0.9 cm, trisected.", "Tubular glands with pencillate nuclei. No high grade change.", "Tubular adenoma."},
	{"Breast, right, core biopsy", "Four cores of yellow white tissue up to 1.4 cm long.", "Fibrous stroma with bland epithelium. No atypia.", "Fibroadenoma."},
	{"Gallbladder, cholecystectomy", "A gallbladder of 8 cm with several yellow stones.", "Chronic inflammation of the wall. No dysplasia.", "Chronic cholecystitis with stones."},
}

func (s Source) pathology(p *Paper, at time.Time) {
	s.reportHead(p, at)
	e := pick(s, specimens)
	p.Values["specimen"], p.Values["collected"], p.Values["received"], p.Values["reported"] = e.name, Day(at.AddDate(0, 0, -4)), Day(at.AddDate(0, 0, -3)), Day(at)
	p.Texts["gross"], p.Texts["microscopic"], p.Texts["diagnosis.final"] = e.gross, e.micro, e.diagnosis
	if s.Chance(0.15) {
		p.Values["received"] = Day(at.AddDate(0, 0, -6))
		p.plant("date_order", []string{"received"}, "received before it was collected")
	}
}

func (s Source) prescriber(p *Paper) {
	by := s.Provider()
	v := p.Values
	a := s.Address()
	v["prescriber"], v["npi"], v["dea"] = by, by.NPI, s.DEA(by.Last)
	v["clinic"], v["clinic.address"], v["phone"] = pick(s, practices), a.Street+", "+a.CityLine(), Tel(s.Phone())
	v["address"] = p.Patient.Street + ", " + p.Patient.CityLine()
	p.Silent = append(p.Silent, "dea_check_digit")
	if s.Chance(0.12) {
		v["dea"] = wrongDigit(v["dea"].(string))
		p.plant("dea_check_digit", []string{"dea"}, "the check digit of the DEA number is wrong")
	}
	p.plantNPI(s, "npi")
}

func (s Source) prescription(p *Paper, at time.Time) {
	s.prescriber(p)
	b := Block{Values: map[string]any{}}
	for _, k := range s.Perm(len(drugs()))[:1+s.IntN(2)] {
		d := drugs()[k]
		b.Rows = append(b.Rows, map[string]any{"drug": d.Name, "strength": d.Strength, "form": d.Form, "sig": d.Sig, "qty": supply(d.Sig, 30*(1+s.IntN(3))),
			"refills": fmt.Sprint(s.IntN(6)), "substitution": "Permitted"})
	}
	p.Blocks = []Block{b}
}

// supply is the quantity that directions for some days or weeks take; other
// directions take as many as are given.
func supply(sig string, otherwise int) string {
	var n int
	times, unit := 1, ""
	for words, k := range map[string]int{"twice": 2, "three times": 3, "four times": 4, "every 12 hours": 2, "every 8 hours": 3, "every 6 hours": 4} {
		if strings.Contains(sig, words) {
			times = k
		}
	}
	_, rest, ok := strings.Cut(sig, " for ")
	if _, err := fmt.Sscan(rest, &n, &unit); !ok || err != nil {
		return fmt.Sprint(otherwise)
	}
	if strings.HasPrefix(unit, "week") {
		n *= 7
	}
	dose := 1
	if _, err := fmt.Sscanf(sig, "Take %d ", &dose); err != nil {
		dose = 1
	}
	return fmt.Sprint(n * times * dose)
}

func (s Source) refill(p *Paper, at time.Time) {
	s.prescriber(p)
	v := p.Values
	d := pick(s, drugs())
	v["pharmacy"], v["pharmacy.phone"], v["rx"], v["last"] = Pick(s, "Corner Drug", "Lakeside Pharmacy", "Ellery Apothecary"), Tel(s.Phone()), s.Digits(7), Day(at.AddDate(0, 0, -30))
	p.Blocks = []Block{{Values: map[string]any{}, Rows: []map[string]any{{"drug": d.Name, "strength": d.Strength, "sig": d.Sig, "qty": supply(d.Sig, 30), "refills": fmt.Sprint(s.IntN(5))}}}}
}

func (s Source) shots(p *Paper, at time.Time) {
	v := p.Values
	delete(v, "patient")
	v["last"], v["first"], v["mi"], v["patient_number"] = p.Patient.Last, p.Patient.First, p.Patient.Middle, s.Digits(8)
	names := []string{"Influenza", "Tdap", "Hepatitis B", "MMR", "Varicella", "Pneumococcal", "Zoster"}
	b := Block{Values: map[string]any{}}
	for i, k := range s.Perm(len(names))[:2+s.IntN(4)] {
		b.Rows = append(b.Rows, map[string]any{"vaccine": names[k], "manufacturer": Pick(s, "Northwind Biologics", "Solace Vaccines", "Heron Labs"), "lot": s.Letters(2) + s.Digits(4),
			"date": Day(at.AddDate(0, i-8, 0)), "site": Pick(s, "Left deltoid", "Right deltoid"), "clinic": pick(s, practices)})
	}
	p.Blocks = []Block{b}
	p.Silent = append(p.Silent, "date_order")
}

func (s Source) doses(p *Paper, at time.Time) {
	p.Values["facility"], p.Values["provider"] = pick(s, hospitals), s.Provider()
	b := Block{Values: map[string]any{}}
	for _, k := range s.Perm(len(drugs()))[:3+s.IntN(3)] {
		d := drugs()[k]
		b.Rows = append(b.Rows, map[string]any{"drug": d.Name, "dose": d.Strength, "route": "PO", "frequency": Pick(s, "Daily", "BID", "TID"), "time": fmt.Sprintf("%02d:00", 6+s.IntN(14)), "initials": s.Letters(2)})
	}
	p.Blocks = []Block{b}
}

func (s Source) authHead(p *Paper, at time.Time) {
	s.payer(p)
	v := p.Values
	by := s.Provider()
	v["requester"], v["requester.npi"], v["requester.phone"] = by, by.NPI, Tel(s.Phone())
	v["facility"] = pick(s, hospitals)
	v["dx"] = []string{s.diagnosisCode()}
}

func (s Source) authRequest(p *Paper, at time.Time) {
	s.authHead(p, at)
	v := p.Values
	sv := s.Provider()
	v["servicing"], v["servicing.npi"], v["urgency"] = sv, sv.NPI, Pick(s, "Standard", "Expedited")
	b := Block{Values: map[string]any{}}
	for range 1 + s.IntN(2) {
		b.Rows = append(b.Rows, map[string]any{"cpt": s.procedureCode(), "service": pick(s, exams).name, "units": fmt.Sprint(1 + s.IntN(12)), "dates.from": Day(at.AddDate(0, 0, 10)), "dates.to": Day(at.AddDate(0, 2, 10))})
	}
	p.Blocks = []Block{b}
	p.Texts["justification"] = Pick(s, "Symptoms persist after six weeks of conservative treatment.", "Earlier imaging was not conclusive.", "Function has not improved with therapy.")
	p.plantNPI(s, "requester.npi")
}

func (s Source) authDecision(p *Paper, at time.Time) {
	s.authHead(p, at)
	v := p.Values
	v["determination"] = Pick(s, "Approved", "Denied", "Partially approved")
	units := 4 + s.IntN(12)
	got := map[string]int{"Approved": units, "Partially approved": units / 2}[v["determination"].(string)]
	p.Blocks = []Block{{Values: map[string]any{}, Rows: []map[string]any{{"cpt": s.procedureCode(), "service": pick(s, exams).name, "units_requested": fmt.Sprint(units), "units_approved": fmt.Sprint(got)}}}}
	p.Silent = append(p.Silent, "date_order", "units", "determination_conflict", "deadline")
	v["provider"], v["provider.npi"] = v["requester"], v["requester.npi"]
	if got > 0 {
		v["auth"], v["start"], v["end"] = s.Letters(2)+s.Digits(8), Day(at), Day(at.AddDate(0, 3, 0))
		p.Said = []string{"The request has been approved as shown below."}
	}
	if got < units {
		v["reason"], v["appeal_days"], v["appeal_by"], v["appeal_phone"] = Pick(s, "Not medically necessary under the plan's criteria.", "The record does not show a trial of therapy."), "180", Day(at.AddDate(0, 0, 180)), Tel(s.Phone())
		p.Said = []string{"You have the right to appeal this decision."}
	}
	switch s.IntN(8) {
	case 0:
		if got > 0 {
			p.Blocks[0].Rows[0]["units_approved"] = fmt.Sprint(units + 5)
			p.plant("units", []string{"units_approved"}, "more units are approved than were requested")
		}
	case 1:
		if got > 0 {
			v["end"] = Day(at.AddDate(0, -1, 0))
			p.plant("date_order", []string{"end"}, "the authorisation ends before it begins")
		}
	}
}

func (s Source) referral(p *Paper, at time.Time) {
	v := p.Values
	by := s.Provider()
	v["from"], v["from.npi"], v["to"], v["practice"] = by, by.NPI, s.Provider(), pick(s, practices)
	v["specialty"], v["urgency"], v["visits"], v["member_id"] = Pick(s, "Cardiology", "Orthopedics", "Neurology", "Dermatology"), Pick(s, "Routine", "Urgent"), fmt.Sprint(1+s.IntN(6)), s.Letters(3)+s.Digits(9)
	v["dx"], v["auth"] = []string{s.diagnosisCode()}, s.Digits(9)
	v["reason"] = Pick(s, "Chest pain on exertion", "Knee pain for six months", "Numbness of both hands", "Changing mole on the back")
	v["phone"] = Tel(s.Phone())
	p.plantNPI(s, "from.npi")
}

// story tells a visit in the words of one of the illnesses.
func (s Source) visit(p *Paper, at time.Time) *Stay {
	s.reportHead(p, at)
	p.Values["visit"], p.Values["attending"] = Day(at), s.Provider()
	st := &Stay{Patient: p.Patient, Admitted: at, Discharged: at.AddDate(0, 0, 3)}
	i := illness(s)
	st.Principal = i.principal
	st.tell(s, i)
	return st
}

func (s Source) consult(p *Paper, at time.Time) {
	st := s.visit(p, at)
	v := p.Values
	v["from"], v["to"], v["practice"] = s.Provider(), s.Provider(), pick(s, practices)
	p.Said = []string{"Thank you for referring this patient to our clinic."}
	p.Texts["hpi"], p.Texts["physical_exam"] = st.History, st.Examination
	p.Texts["assessment"], p.Texts["plan"] = "[p "+st.Principal+"].", "Continue present treatment. Return to clinic in three months."
}

func (s Source) history(p *Paper, at time.Time) {
	st := s.visit(p, at)
	p.Texts["chief_complaint"] = Pick(s, "Feeling unwell.", "As below.", "Sent from clinic.")
	p.Texts["hpi"], p.Texts["past_medical_history"], p.Texts["family_history"] = st.History, strings.Join(st.PastHistory, ". ")+".", st.Family
	p.Texts["social_history"], p.Texts["review_of_systems"], p.Texts["vitals"], p.Texts["physical_exam"] = st.Social, st.Review, st.Vitals, st.Examination
	p.Texts["assessment"], p.Texts["plan"] = "[p "+st.Principal+"].", "Admit. Labs in the morning."
}

func (s Source) progress(p *Paper, at time.Time) {
	st := s.visit(p, at)
	p.Texts["hpi"], p.Texts["vitals"], p.Texts["physical_exam"] = st.Review, st.Vitals, st.Examination
	p.Texts["assessment"], p.Texts["plan"] = "[p "+st.Principal+"], improving.", "Continue present treatment."
}

func (s Source) emergency(p *Paper, at time.Time) {
	st := s.visit(p, at)
	p.Values["arrival"], p.Values["acuity"] = Moment(at), Pick(s, "2", "3", "4")
	p.Texts["hpi"], p.Texts["vitals"], p.Texts["physical_exam"], p.Texts["course"] = st.History, st.Vitals, st.Examination, st.Course
	p.Texts["disposition"] = "Admitted to the medical floor."
}

func (s Source) operation(p *Paper, at time.Time) {
	s.reportHead(p, at)
	op := Pick(s, "Laparoscopic cholecystectomy", "Right total knee arthroplasty", "Open repair of inguinal hernia", "Left carpal tunnel release")
	p.Values["surgeon"], p.Values["procedure"] = s.Provider(), op
	p.Texts["preoperative"], p.Texts["postoperative"] = Pick(s, "Symptomatic disease.", "Failed conservative treatment."), "Same."
	p.Texts["procedures"], p.Texts["anesthesia"], p.Texts["blood_loss"] = op+".", "General.", fmt.Sprintf("%d mL.", 10*(1+s.IntN(20)))
	p.Texts["findings"] = "As expected. No complication."
}

func (s Source) nursing(p *Paper, at time.Time) {
	s.reportHead(p, at)
	p.Values["shift"] = Pick(s, "Day", "Evening", "Night")
	b := Block{Values: map[string]any{}}
	for i := range 3 + s.IntN(3) {
		b.Rows = append(b.Rows, map[string]any{"time": fmt.Sprintf("%02d:00", 7+3*i), "bp": fmt.Sprintf("%d/%d", 110+s.IntN(40), 60+s.IntN(30)), "pulse": fmt.Sprint(60 + s.IntN(40)), "initials": s.Letters(2)})
	}
	p.Blocks = []Block{b}
	p.Said = []string{"Nurse reports patient resting comfortably. Intake and output recorded."}
}

func (s Source) going(p *Paper, at time.Time) {
	s.reportHead(p, at)
	i := illness(s)
	p.Said = []string{"You were seen today and may go home.", "Call your doctor if you do not feel better."}
	p.Texts["return_precautions"] = plain(i.returns)
	p.Texts["follow_up"] = i.followUp
}

func (s Source) cover(p *Paper, at time.Time) {
	v := p.Values
	delete(v, "sex")
	delete(v, "mrn")
	v["sender"], v["from"], v["from.fax"], v["to"], v["to.fax"], v["phone"] = pick(s, practices), s.Provider(), Tel(s.Phone()), pick(s, practices), Tel(s.Phone()), Tel(s.Phone())
	v["re"], v["pages_claimed"] = Pick(s, "Records", "Referral", "Lab results"), "1"
	p.Said = []string{"CONFIDENTIALITY NOTICE: This fax is meant for the intended recipient only.", "If you have received this message in error, please call the sender."}
}

func (s Source) records(p *Paper, at time.Time) {
	v := p.Values
	v["from"], v["from.phone"], v["range"], v["purpose"] = pick(s, practices), Tel(s.Phone()), "01/01/2024 to 12/31/2024", Pick(s, "Continuing care", "Insurance", "Legal")
	p.Said = []string{"Please send copies of the following records: progress notes, laboratory results, imaging reports.", "The patient has authorized the release."}
}

func (s Source) letter(p *Paper, at time.Time) {
	s.payer(p)
	p.Values["ref"], p.Values["reply_days"] = s.Digits(8), "30"
	p.Said = []string{"We need information about other insurance before your claim can be processed.", "Coordination of benefits: please answer within 30 days of this letter."}
}

func (s Source) bill(p *Paper, at time.Time) {
	v := p.Values
	delete(v, "sex")
	delete(v, "dob")
	delete(v, "mrn")
	v["facility"], v["phone"], v["invoice"], v["account"], v["due"] = pick(s, hospitals), Tel(s.Phone()), s.Digits(6), s.Digits(8), Day(at.AddDate(0, 0, 30))
	b := Block{Values: map[string]any{}}
	sum := Cents(0)
	for i := range 2 + s.IntN(5) {
		amount := Cents(2000 + 25*int64(s.IntN(2000)))
		sum += amount
		b.Rows = append(b.Rows, map[string]any{"date": Day(at.AddDate(0, 0, -9+i)), "description": Pick(s, "Office visit", "Laboratory", "X-ray", "Supplies", "Injection"), "amount": amount})
	}
	b.Values["total"] = sum
	p.Silent = append(p.Silent, "sum_mismatch", "date_order")
	if s.Chance(0.25) {
		b.Values["total"] = sum + 2000
		p.plant("sum_mismatch", []string{"total"}, "the total is not the sum of the lines")
	}
	p.Blocks = []Block{b}
}

func (s Source) agreement(p *Paper, at time.Time) {
	v := p.Values
	delete(v, "patient")
	delete(v, "mrn")
	v["first"], v["last"], v["signed.date"] = p.Patient.First, p.Patient.Last, Day(at)
	p.Said = []string{"I consent to the treatment that my doctor has explained to me.", "I understand the risks and benefits and that I may revoke this consent."}
}

func (s Source) registration(p *Paper, at time.Time) {
	in := s.Intake()
	v := p.Values
	delete(v, "patient")
	delete(v, "mrn")
	v["first"], v["last"], v["address"], v["city"], v["state"], v["zip"] = p.Patient.First, p.Patient.Last, p.Patient.Street, p.Patient.City, p.Patient.State, p.Patient.ZIP
	v["phone"], v["email"], v["marital"] = Tel(p.Patient.Phone), in.Email, in.Marital
	v["employer"], v["ec1"], v["pharmacy"] = in.Employer, in.Contact, in.Pharmacy
}

func (s Source) junk(p *Paper, at time.Time) {
	clear(p.Values)
	p.Said = []string{Pick(s, "SAVE UP TO 60% ON TONER", "BUSINESS LOANS AT LOW RATES", "VACATION PACKAGES FOR YOUR STAFF"), "Limited time offer. Call today, no obligation.", "To be removed from our list call the opt out number below."}
	p.Values["phone"] = Tel(s.Phone())
}

func (s Source) nothing(p *Paper, at time.Time) {
	clear(p.Values)
	p.Said = []string{Pick(s, "The parking garage is closed on Saturday for cleaning.", "Lunch menu for the week: soup, fish and salad.", "Minutes of the building committee."),
		Pick(s, "Please use the north entrance.", "The kitchen opens at noon.", "Next meeting is on Thursday."), "With kind regards, the front office."}
}
