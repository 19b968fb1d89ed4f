package matching

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
)

// writePairs writes the register and the arrivals as two tables of equal columns, for another
// matcher to be measured on. The column person is the truth.
func writePairs(folder string, everybody []*person, arrivals []*arrival) error {
	head := []string{"person", "family", "given", "birth", "sex", "street", "zip", "phone", "mrn", "member"}
	register := [][]string{head}
	for _, p := range everybody {
		if p.registered {
			register = append(register, []string{p.id(), lower(p.family), lower(p.given), p.birth.Format("2006-01-02"), p.sex(),
				lower(p.street), p.zip, telephone(p.phone), p.hospital + " " + p.mrn, p.payer + " " + p.member})
		}
	}
	incoming := [][]string{head}
	for _, a := range arrivals {
		s, about := &a.said, ""
		if a.about.registered {
			about = a.about.id()
		}
		incoming = append(incoming, []string{about, lower(s.family), lower(s.given), s.birth, s.sex, lower(s.street), s.zip,
			telephone(s.phone), strings.TrimSpace(s.facility + " " + s.mrn), strings.TrimSpace(s.payer + " " + s.member)})
	}
	for name, rows := range map[string][][]string{"register.csv": register, "arrivals.csv": incoming} {
		if err := writeCSV(filepath.Join(folder, name), rows); err != nil {
			return err
		}
	}
	return nil
}

func lower(s string) string { return strings.ToLower(s) }

func telephone(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func writeCSV(path string, rows [][]string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	err = w.WriteAll(rows)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
