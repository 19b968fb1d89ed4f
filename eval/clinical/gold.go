package clinical

import "chartlake/record"

// Text is one text with its gold mentions.
type Text struct {
	Name      string
	Text      string
	Mentions  []Mention
	Results   []TestResult // of tests; nil where they are not labelled
	Relations []Relation   // of mentions; nil where they are not labelled
	Codes     []string     // ICD-10-CM codes of the whole text, upper case; a code may repeat
}

// Mention is a gold mention. Begin and End count characters (runes); Type is one of this
// project's types or "" for a mention that only carries an assertion. What a set does not
// label is nil.
type Mention struct {
	Begin, End   int
	Type         record.EntityType
	Label        string // the set's own
	Negated      *bool
	Uncertain    *bool
	Hypothetical *bool
	Historical   *bool
	Experiencer  *string
}

// Set is one collection of texts. With Partial not every mention of a text is labelled, so
// mentions are not scored, only what is asserted of those that are.
type Set struct {
	Name    string
	Format  string
	Partial bool
	Types   map[record.EntityType]bool // the types that the set labels
	Texts   []Text
	Lost    int // rows whose concept does not stand in their text
	Sigs    []Sig
}

// labels maps the labels of public sets to this project's types. Labels that are not here
// (Date, Age, Detailed_description, Clinical_event ...) have no counterpart among them.
// MACCROBAT2020 has 41 labels: signs and diseases are problems; a diagnostic procedure is a
// test and a therapeutic one a procedure; a Biological_structure is anatomy.
var labels = map[string]record.EntityType{
	"Sign_symptom": record.Problem, "Disease_disorder": record.Problem, "Disease": record.Problem,
	"Medication": record.Medication, "Chemical": record.Medication,
	"Diagnostic_procedure": record.Test, "Therapeutic_procedure": record.Procedure,
	"Biological_structure": record.Anatomy,
	"problem":              record.Problem, "medication": record.Medication, "test": record.Test, "procedure": record.Procedure,
	"anatomy": record.Anatomy, "allergy": record.Allergy, "social_history": record.SocialHistory, "phi": record.PHI,
}

func yes(b bool) *bool { return &b }
