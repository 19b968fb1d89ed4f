package clinical

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"chartlake/fault"
	"chartlake/value/sig"
)

// Sig is a dose instruction with its gold structure.
type Sig struct {
	Text   string
	Dosage []sig.Dosage
}

// goldJSON is one text: `entities` as in a record, with the text they are in; or a dose
// instruction, `sig`, with its `dosage`; or a text with the `results` of tests that it states, or
// the `relations` of its mentions. An assertion that is not written is not labelled.
type goldJSON struct {
	Text     *string       `json:"text"`
	Partial  bool          `json:"partial"`
	Entities []goldMention `json:"entities"`
	Sig      *string       `json:"sig"`
	Dosage   []sig.Dosage  `json:"dosage"`
	Related  []Relation    `json:"relations"`
	Results  []TestResult  `json:"results"` // of tests; with them nothing else of the text is labelled
}

type goldMention struct {
	Begin        int     `json:"begin"`
	End          int     `json:"end"`
	Type         string  `json:"type"`
	Negated      *bool   `json:"negated"`
	Uncertain    *bool   `json:"uncertain"`
	Hypothetical *bool   `json:"hypothetical"`
	Historical   *bool   `json:"historical"`
	Experiencer  *string `json:"experiencer"`
}

// parseJSON reads an object, an array of them, or one per line. JSON of another shape is not gold.
func parseJSON(name, data string, set func(string) *Set) error {
	rows := []json.RawMessage{}
	switch {
	case strings.HasSuffix(name, ".jsonl"):
		for _, line := range strings.Split(data, "\n") {
			if strings.TrimSpace(line) != "" {
				rows = append(rows, json.RawMessage(line))
			}
		}
	case json.Unmarshal([]byte(data), &rows) != nil:
		rows = []json.RawMessage{json.RawMessage(data)}
	}
	for _, row := range rows {
		var g goldJSON
		if json.Unmarshal(row, &g) != nil || g.Text == nil && g.Sig == nil {
			return nil
		}
		if g.Sig != nil {
			s := set("sig")
			s.Sigs = append(s.Sigs, Sig{Text: *g.Sig, Dosage: g.Dosage})
			continue
		}
		t := Text{Name: name, Text: *g.Text, Results: g.Results}
		t.Relations = g.Related
		if g.Results != nil || g.Related != nil {
			s := set("facts")
			s.Partial = true
			s.Texts = append(s.Texts, t)
			continue
		}
		runes := utf8.RuneCountInString(t.Text)
		for _, m := range g.Entities {
			if m.Begin < 0 || m.Begin >= m.End || m.End > runes {
				return fault.New(fault.Invalid, "bad_offsets", "a mention does not lie within its text")
			}
			t.Mentions = append(t.Mentions, Mention{m.Begin, m.End, labels[m.Type], m.Type, m.Negated, m.Uncertain, m.Hypothetical, m.Historical, m.Experiencer})
		}
		s := set("json")
		s.Partial = s.Partial || g.Partial
		s.Texts = append(s.Texts, t)
	}
	return nil
}
