package clinical

import (
	"path"
	"regexp"
	"strings"

	"chartlake/record"
	"chartlake/terminology"
)

// parseCodes reads a table of document codes: the name of a text without its ending, a tab, an
// ICD-10-CM code. A text may lie in several folders, one per language: the one whose folder name
// ends in "_en" is read.
func parseCodes(data string, files map[string]string) []Text {
	texts := map[string]string{}
	for _, name := range sorted(files) {
		id, ok := strings.CutSuffix(path.Base(name), ".txt")
		if ok && (texts[id] == "" || strings.HasSuffix(path.Dir(name), "_en")) {
			texts[id] = files[name]
		}
	}
	codes := map[string][]string{}
	for _, line := range strings.Split(data, "\n") {
		if id, code, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && texts[id] != "" {
			codes[id] = append(codes[id], strings.ToUpper(code))
		}
	}
	var out []Text
	for _, id := range sorted(codes) {
		out = append(out, Text{Name: id, Text: texts[id], Codes: codes[id]})
	}
	return out
}

// codeRE is the form of an ICD-10-CM code (Official Guidelines, section I.A.2 to I.A.5).
var codeRE = regexp.MustCompile(`(?i)^[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?$`)

// coded reports a table whose rows are the name of a text among files and an ICD-10-CM code.
func coded(data string, files map[string]string) bool {
	first, _, _ := strings.Cut(data, "\n")
	id, code, ok := strings.Cut(strings.TrimSpace(first), "\t")
	if !ok || !codeRE.MatchString(code) {
		return false
	}
	for name := range files {
		if path.Base(name) == id+".txt" {
			return true
		}
	}
	return false
}

// Codes scores the ICD-10-CM codes of whole texts. A text is given the first code of each problem and habit
// that it affirms of its patient, now or formerly; a code counts once a text.
type Codes struct {
	Texts       int          `json:"texts"`
	Code        Score        `json:"code"`
	Category    Score        `json:"category"` // the first three characters
	Among       Share        `json:"among"`    // gold codes that are among the candidates of a mention
	Calibration *Calibration `json:"calibration"`
	sure        calibration
}

func (c *Codes) text(gold []string, got []record.Entity) {
	c.Texts++
	codes, among := map[string]float64{}, map[string]bool{}
	for i := range got {
		e := &got[i]
		if e.Type != record.Problem && e.Type != record.SocialHistory || e.Negated || e.Hypothetical || e.Experiencer != "patient" {
			continue
		}
		first := true
		for _, code := range e.Codes {
			if code.System != terminology.ICD10CM {
				continue
			}
			among[code.Code] = true
			if first {
				codes[code.Code] = max(codes[code.Code], code.Score)
			}
			first = false
		}
	}
	want := map[string]bool{}
	for _, g := range gold {
		if g = strings.ToUpper(g); !want[g] {
			want[g] = true
			c.Among.Of++
			if among[g] {
				c.Among.N++
			}
		}
	}
	for code, score := range codes {
		c.sure.add(score, want[code])
	}
	compare(&c.Code, want, codes, func(s string) string { return s })
	compare(&c.Category, want, codes, func(s string) string { return s[:3] })
}

func compare(s *Score, want map[string]bool, got map[string]float64, part func(string) string) {
	w, g := map[string]bool{}, map[string]bool{}
	for code := range want {
		w[part(code)] = true
	}
	for code := range got {
		g[part(code)] = true
		if !w[part(code)] {
			w[part(code)] = false
		}
	}
	for p, is := range w {
		s.add(is, g[p])
	}
}

func (c *Codes) close() *Codes {
	c.Code.close()
	c.Category.close()
	c.Calibration = c.sure.close()
	return c
}
