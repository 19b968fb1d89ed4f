package clinical

import (
	"strings"

	"chartlake/record"
	"chartlake/terminology"
	"chartlake/value"
)

// tested makes the mention of a test with its result, and gives the token after it. A test
// without a result says nothing of the patient: its words may still name a drug or a finding.
func (e *Engine) tested(text []rune, toks []token, i, end int, s span, section string, en entry) (*mention, int) {
	if en.bare != "" && toks[i].text != en.bare || number(toks, end-1) {
		return nil, end
	}
	m := newMention(text, toks, i, end, record.Test, en)
	limit := toks[s.last-1].end
	r, ok := readResult(text[m.End:max(m.End, limit)], en.kind, en.bare != "")
	if !ok {
		r, ok = e.halves(toks, i, end, s)
	}
	if ok && en.bare != "" && en.kind == kindVital && !beside(toks, s) {
		ok = false
	}
	if flag := flagBefore(toks, i, end, s); flag != "" && r.flag == "" && (ok || concluded(toks, end, s)) {
		r.flag, ok = flag, true
	}
	if !ok {
		if en.other != nil {
			return e.mention(text, toks, i, end, s, section, *en.other), end
		}
		return nil, end
	}
	m.take(r)
	m.resultEnd = m.End + r.length
	if en.kind != kindTest {
		m.attribute("category", map[kind]string{kindVital: "vital-signs", kindScore: "survey"}[en.kind])
	}
	return m, end
}

// number reports a token that is a number by itself: a name that ends with one ("complement
// c3") has letters in it.
func number(toks []token, i int) bool {
	return toks[i].number() && strings.Trim(toks[i].text, "0123456789.,") == ""
}

// halves reads a pair of tests with a pair of values: "Hgb/Hct 8.2/24.6".
func (e *Engine) halves(toks []token, i, end int, s span) (result, bool) {
	second := false
	if end+1 < s.last && toks[end].text == "/" {
		_, after, ok := e.lexicon.at(toks, end+1, s.last)
		if !ok {
			return result{}, false
		}
		end = after
	} else if i > s.first+1 && toks[i-1].text == "/" {
		second = true
	} else {
		return result{}, false
	}
	if end < s.last && (toks[end].text == ":" || toks[end].lower == "of" || toks[end].lower == "was") {
		end++
	}
	if end+2 >= s.last || !number(toks, end) || toks[end+1].text != "/" || !number(toks, end+2) || toks[end].begin == toks[end-1].end {
		return result{}, false
	}
	v := toks[end].text
	if second {
		v = toks[end+2].text
	}
	return result{value: v}, true
}

// take puts a result among the attributes of a mention.
func (m *mention) take(r result) {
	m.attribute("comparator", r.comparator)
	m.attribute("value", r.value)
	m.attribute("unit", r.unit)
	m.attribute("range", r.interval)
	m.attribute("flag", r.flag)
	m.attribute("previous", r.previous)
	m.attribute("date", r.date)
	if ucum, ok := value.ParseUnit(noteless(r.unit)); ok {
		m.attribute("ucum", ucum)
	}
}

// flagBefore gives the word before a test that says where its result lies ("elevated white count").
func flagBefore(toks []token, i, end int, s span) string {
	if i == s.first {
		return ""
	}
	w := toks[i-1].lower
	if !flagWords[w] || w == "critical" || w == "therapeutic" || w == "reduced" && toks[end-1].lower == "fraction" {
		return ""
	}
	return toks[i-1].text
}

// concluded reports that the words of a test end here and none follows that gives them another
// meaning ("low potassium diet").
func concluded(toks []token, end int, s span) bool {
	if end >= s.last || !toks[end].word() {
		return true
	}
	switch toks[end].lower {
	case "and", "or", "with", "on", "in", "of", "was", "were", "at", "but", "which", "level", "levels", "today", "despite", "due", "from", "since", "is", "are":
		return true
	}
	return false
}

// beside reports a blood pressure in the sentence: single letters stand for vital signs only in
// their row.
func beside(toks []token, s span) bool {
	for j := s.first; j+2 < s.last; j++ {
		if number(toks, j) && toks[j+1].text == "/" && number(toks, j+2) && len(toks[j].text) >= 2 && len(toks[j+2].text) >= 2 {
			return true
		}
	}
	return false
}

// aims are words of a clause that states what a result shall be, or what to do when it is so.
var aims = words(`goal goals target targets keep maintain titrate until unless when whenever if hold transfuse call notify parameters
threshold aim desired range should ideally for`)

// aimed sets a test hypothetical of which a clause says what it should be: "hold for HR < 55",
// "goal INR 2-3". "for" counts only before a comparison.
func aimed(toks []token, s span, m *mention) {
	if m.Type != record.Test || m.Attributes["value"] == "" {
		return
	}
	for j := m.first - 1; j >= s.first && j >= m.first-10; j-- {
		t := toks[j].lower
		if t == "." || t == ":" && j < m.first-1 {
			return
		}
		if !aims[t] || t == "for" && m.Attributes["comparator"] == "" {
			continue
		}
		apply(m, cueHypothetical, cue{first: j, last: j + 1, words: t}, toks)
		return
	}
}

// labCodes gives the most common LOINC code of a component whose example unit is the one of the
// result; without a unit that agrees there is no code.
func labCodes(component, ucum string) []record.Code {
	if component == "" || ucum == "" {
		return nil
	}
	var best *terminology.LabTest
	tests := terminology.LabTests(component)
	for i := range tests {
		for _, u := range tests[i].Units {
			if sameUnit(u, ucum) && (best == nil || tests[i].Rank < best.Rank) {
				best = &tests[i]
			}
		}
	}
	if best == nil {
		return nil
	}
	return []record.Code{{System: terminology.LOINC, Code: best.Code, Display: best.Name, Score: 0.8}}
}

func sameUnit(example, ucum string) bool {
	if strings.EqualFold(example, ucum) {
		return true
	}
	code, ok := value.ParseUnit(example)
	return ok && code == ucum
}
