package fiction

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Lab is the facts of a laboratory report.
type Lab struct {
	Laboratory string
	Address    Address
	Phone, Fax string
	CLIA       string
	Patient    Person
	MRN        string
	Accession  string
	Ordering   Provider
	Practice   string
	Collected  time.Time
	Received   time.Time
	Reported   time.Time
	Specimen   string
	Fasting    string // Yes, No or empty
	Status     string // FINAL, PRELIMINARY, CORRECTED
	Panels     []Panel
	Comment    string
	Released   Provider
	Planted    []Planted
}

// Panel is a group of results under one title.
type Panel struct {
	Name string
	Rows []Result
}

// Result is one row. Value and Range are as printed.
type Result struct {
	Test, Value, Unit, Range string
	Flag                     string // H, L, HH, LL, A or empty: what the laboratory prints
	Note                     string
}

// Planted is a contradiction put on the page on purpose, or on a page left out.
type Planted struct {
	Code   string
	Fields []string
	Note   string
}

// Lab invents a laboratory report.
func (s Source) Lab() *Lab {
	reported := time.Date(2025, time.Month(1+s.IntN(12)), 1+s.IntN(28), 7+s.IntN(11), s.IntN(60), 0, 0, time.UTC)
	l := &Lab{
		Laboratory: pick(s, laboratories), Address: s.Address(), Phone: s.Phone(), Fax: s.Phone(),
		CLIA: fmt.Sprintf("%02dD%s", 5+s.IntN(46), s.Digits(7)), MRN: s.Digits(6 + s.IntN(3)),
		Accession: s.Letters(1) + Pick(s, "", "-") + s.Digits(7), Ordering: s.Provider(), Practice: pick(s, practices),
		Reported: reported, Released: s.Provider(), Specimen: "Serum", Status: "FINAL",
	}
	l.Received = reported.Add(-time.Duration(60+s.IntN(1300)) * time.Minute)
	l.Collected = l.Received.Add(-time.Duration(40+s.IntN(600)) * time.Minute)
	l.Patient = s.Person()
	if s.Chance(0.5) {
		l.Fasting = Pick(s, "Yes", "No")
	}
	if s.Chance(0.15) {
		l.Status = Pick(s, "PRELIMINARY", "CORRECTED")
	}
	l.Panels = s.panels(l.Patient)
	if s.Chance(0.4) {
		l.Comment = pick(s, labComments)
	}
	if s.Chance(0.2) {
		l.plantFlag(s)
	}
	return l
}

var labComments = []string{
	"Specimen slightly hemolyzed. Potassium may be affected.",
	"Results verified by repeat analysis.",
	"Please correlate with clinical findings.",
	"Copy of this report sent to referring physician.",
}

// plantFlag prints a flag that the row's own range contradicts.
func (l *Lab) plantFlag(s Source) {
	for range 20 {
		p := &l.Panels[s.IntN(len(l.Panels))]
		r := &p.Rows[s.IntN(len(p.Rows))]
		if r.Flag != "" || !strings.Contains(r.Range, "-") || strings.HasPrefix(r.Value, "<") {
			continue
		}
		if _, err := strconv.ParseFloat(r.Value, 64); err != nil {
			continue
		}
		r.Flag = Pick(s, "H", "L")
		l.Planted = append(l.Planted, Planted{"flag_mismatch", []string{"flag", "value", "range"},
			r.Test + " is printed with a flag although its value lies within the printed range"})
		return
	}
}
