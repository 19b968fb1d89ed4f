package clinical

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"chartlake/record"
	"chartlake/terminology"
)

var engine = sync.OnceValues(Open)

func annotate(t *testing.T, text string) Findings {
	t.Helper()
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	f := e.Annotate(text)
	runes := []rune(text)
	for _, en := range f.Entities {
		if got := strings.ReplaceAll(string(runes[en.Begin:en.End]), "\n", " "); got != en.Text {
			t.Errorf("offsets of %q give %q", en.Text, got)
		}
	}
	return f
}

// said describes what is asserted of a mention: letters for negated, uncertain,
// hypothetical, historical, family, other; "+" for affirmed of the patient.
func said(e record.Entity) string {
	s := ""
	for _, p := range []struct {
		set  bool
		mark string
	}{{e.Negated, "n"}, {e.Uncertain, "u"}, {e.Hypothetical, "y"}, {e.Historical, "p"}, {e.Experiencer == "family", "f"}, {e.Experiencer == "other", "o"}} {
		if p.set {
			s += p.mark
		}
	}
	if s == "" {
		return "+"
	}
	return s
}

func TestAssertion(t *testing.T) {
	t.Parallel()
	// Each case: text, then "words=assertion" for every mention that must be there.
	tests := []struct{ text, want string }{
		{"Patient denies fever, chills or cough.", "fever=n chills=n cough=n"},
		{"No pneumothorax or effusion.", "pneumothorax=n effusion=n"},
		{"No fever but has cough.", "fever=n cough=+"},
		{"Denies nausea; reports vomiting.", "nausea=n vomiting=+"},
		{"Fever: none. Cough: denied.", "Fever=n Cough=n"},
		{"+ cough, - fever", "cough=+ fever=n"},
		{"cough (+), fever (-)", "cough=+ fever=n"},
		{"Wheezing -ve for pneumonia.", "Wheezing=+ pneumonia=n"},
		{"The chest is negative for pneumonia.", "pneumonia=n"},
		{"No change in vision, diplopia.", "diplopia=n"},
		{"Rule out pneumonia.", "pneumonia=u"},
		{"Pneumonia was ruled out.", "Pneumonia=n"},
		{"Pneumonia cannot be ruled out.", "Pneumonia=u"},
		{"?pneumonia", "pneumonia=u"},
		{"Evaluate for pulmonary embolism.", "pulmonary embolism=y"},
		{"Return if fever or chest pain.", "fever=y chest pain=y"},
		{"Call for fever, but not for cough.", "fever=y"},
		{"At risk of stroke.", "stroke=y"},
		{"If pain persists, take ibuprofen.", "ibuprofen=y"},
		{"Mother had breast cancer.", "breast cancer=f"},
		{"FHx: Father - stroke. No diabetes.", "stroke=f diabetes=nf"},
		{"Family history of asthma; patient has cough.", "asthma=f cough=+"},
		{"Father died of stroke. No family history of diabetes.", "stroke=f diabetes=nf"},
		{"Family history is negative for asthma.", "asthma=nf"},
		{"Negative family history of asthma.", "asthma=nf"},
		{"No one in the family had a stroke.", "stroke=nf"},
		{"Denies any family history of stroke.", "stroke=nf"},
		{"History of stroke, now with headache.", "stroke=p headache=+"},
		{"Cellulitis, resolved.", "Cellulitis=p"},
		{"Cannot exclude pneumonia.", "pneumonia=u"},
		{"Mother reports that he has fever.", "fever=+"},
		{"Wife has influenza.", "influenza=o"},
		{"without\nfever", "fever=n"},
		{"Patient is not only nauseated but has fever.", "fever=+"},
		{"Gram negative organisms grew; fever.", "fever=+"},
		{"ALLERGIES - NONE. Fever: absent.", "Fever=n"},
		{"Neg for pneumonia.", "pneumonia=n"},
		{"Cough, no fever, headache.", "Cough=+ fever=n"},
		{"No fever, a cough.", "fever=n cough=+"},
		{"No pneumothorax, however an effusion.", "pneumothorax=n effusion=+"},
		{"Suspicious for pneumonia.", "pneumonia=u"},
		{"Screen for diabetes mellitus. Risk of stroke.", "diabetes mellitus=y stroke=y"},
		{"In order to exclude pulmonary embolism a scan was ordered.", "pulmonary embolism=y"},
		{"CT chest without contrast Indication: pneumonia.", "pneumonia=+"},
		{"Denies the following: fever, cough.", "fever=n cough=n"},
		{"Two-day history of fever and cough.", "fever=+ cough=+"},
		{"Past medical history significant for asthma and gout.", "asthma=p gout=p"},
		{"History of asthma, denies fever.", "asthma=p fever=n"},
		{"No reported fever.", "fever=n"},
		{"Symptoms of nausea and vomiting but denied hematemesis, fever, and dyspnea.", "nausea and vomiting=+ hematemesis=n fever=n dyspnea=n"},
		{"Examination showed signs of pneumonia.", "pneumonia=+"},
		{"Watch for signs of cellulitis and report any fever.", "cellulitis=y fever=y"},
		{"The germ is sensitive to vancomycin and resistant to ampicillin.", "vancomycin=y ampicillin=y"},
		{"Patient with asthma denied fever.", "asthma=+ fever=n"},
		{"Fever denied.", "Fever=n"},
		{"She presented with a cough of four days and with shortness of breath. She denied\nchest pain and hemoptysis. Nothing had helped.", "chest pain=n hemoptysis=n"},
		{"She had fever but refused colonoscopy.", "fever=+ colonoscopy=n"},
		{"Metformin discontinued, insulin started.", "Metformin=p insulin=+"},
		{"Discontinued metformin.", "metformin=p"},
		{"The fever resolved and cough persists.", "fever=p cough=+"},
		{"Resolved pneumonia.", "pneumonia=p"},
		{"He has no obvious fever, cough, nausea, and vomiting.", "fever=n cough=n nausea=n vomiting=n"},
		{"He has been seizure-free since May.", "seizure=n"},
		{"There is free air and pneumonia free of cavities.", "pneumonia=+"},
		{"The cough did not improve.", "cough=+"},
		{"Hypertension, proteinuria, and loss of nails were not observed.", "Hypertension=n proteinuria=n"},
		{"He developed fever, and cough was not observed.", "fever=+ cough=n"},
		{"Resolution of the pneumonia.", "pneumonia=p"},
		{"The fever had resolved by morning.", "fever=p"},
		{"CT excluded pulmonary embolism.", "pulmonary embolism=n"},
		{"Failed to reveal pneumonia.", "pneumonia=n"},
		{"Her sister, who has asthma, visited. Patient has gout.", "asthma=f gout=+"},
		{"Members of the family: family members with hypertension.", "hypertension=f"},
		{"Pneumonia can be safely excluded.", "Pneumonia=n"},
		{"Pneumonia has not been confirmed.", "Pneumonia=u"},
		{"Asthma was considered but felt unlikely.", "Asthma=nu"},
		{"Low clinical index of suspicion for pneumonia.", "pneumonia=n"},
		{"Fever is denied, as is cough.", "Fever=n cough=n"},
		{"He is followed for asthma. Watch the wound closely for cellulitis.", "asthma=+ cellulitis=y"},
		{"Stroke on maternal side, including her mother. Chest: rise and fall. She has hearing aids since the fall of 2007. A fall.", "Stroke=f fall=+"},
		{"She does not think she has asthma or heartburn.", "asthma=n heartburn=n"},
		{"Denies fever; chills; cough. No murmur; edema.", "fever=n chills=n cough=n murmur=n edema=+"},
		{"Risks include bleeding; infection; stroke.", "bleeding=y infection=y stroke=y"},
		{"We talked about stroke risk. Nocturia times 0.", "stroke=y Nocturia=n"},
		{"EARS: Negative fever, negative cough.", "fever=n cough=n"},
		{"No motor or sensory complaints of any sort or headache.", "headache=n"},
		{"Stroke on paternal side of family. Asthma in both sides of the family. Gout and fever in family.", "Stroke=f Asthma=f Gout=f fever=f"},
		{"He lives with an HIV infected partner and his asthma mother.", "asthma=f"},
		{"Admitted with suspected pneumonia, which was ruled out by CT.", "pneumonia=nu"},
		{"There was concern for stroke, but this was excluded. He had a cough although that seemed to have resolved.", "stroke=nu cough=p"},
		{"She has asthma, which is well controlled, and gout.", "asthma=+ gout=+"},
		{"Fever, chills and cough: patient denies.", "Fever=n cough=n"},
		{"Fever +, cough -, headache -", "Fever=+ cough=n headache=n"},
		{"(+) cough; (-) fever, headache", "cough=+ fever=n headache=n"},
		{"[x] cough [ ] fever [ ] headache", "cough=+ fever=n headache=n"},
		{"Fever: ☐ Yes ☒ No", "Fever=n"},
		{"Cough? Yes. Fever? No.", "Cough=+ Fever=n"},
		{"It is unlikely that the patient has pneumonia.", "pneumonia=n"},
		{"Stroke in both grandparents; gout (brother).", "Stroke=f gout=f"},
		{"No one in her family has had a stroke.", "stroke=nf"},
		{"The patient, whose mother has asthma, presents with fever.", "asthma=f fever=+"},
		{"Should the fever return, call us.", "fever=y"},
		{"Do I have pneumonia?", "pneumonia=uy"},
		{"No surgery is planned for the gout.", "gout=+"},
		{"She tested negative for influenza.", "influenza=n"},
		{"Prophylaxis against pneumonia. Exposed to influenza.", "pneumonia=y influenza=o"},
		{"Seek help when you have chest pain.", "chest pain=y"},
		{"Voiding s fever. Neg fever, 1+ edema.", "fever=n edema=+"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got := map[string]string{}
			for _, e := range annotate(t, tt.text).Entities {
				got[e.Text] = said(e)
			}
			for rest := tt.want; rest != ""; {
				i := strings.IndexByte(rest, '=')
				words := strings.TrimSpace(rest[:i])
				want, after, _ := strings.Cut(rest[i+1:], " ")
				rest = after
				if got[words] != want {
					t.Errorf("%q: %q, want %q; all: %v", words, got[words], want, got)
				}
			}
		})
	}
}

// What introduces a list holds for its items, and for nothing behind them.
func TestListsAreIntroduced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"He denies:\n- fever\n- chest pain\nHe has:\n- cough", "fever=n chest pain=n cough=+"},
		{"Negative for the following:\n\n• fever\n• chills\n\nCough since Monday.", "fever=n chills=n Cough=+"},
		{"Return if you have any of the following:\n1. Fever over 101\n2. Vomiting\n\nDiscussed with her nurse. Cough persists.", "Fever=y Vomiting=y Cough=+"},
		{"Call us for:\nRedness\nSwelling\n\nCough is better.", "Redness=y Swelling=y Cough=+"},
		{"Mother has:\n* asthma\n* gout", "asthma=f gout=f"},
		{"Father: stroke; gout; mother: asthma. He has fever; cough.", "stroke=f gout=f asthma=f fever=+ cough=+"},
		{"He has the following:\n- fever\n- no cough", "fever=+ cough=n"},
		{"Immunizations: influenza, hepatitis B\n\nShe has asthma.", "influenza=y hepatitis B=y asthma=+"},
	} {
		got := map[string]string{}
		for _, e := range annotate(t, c.text).Entities {
			got[e.Text] = said(e)
		}
		for rest := c.want; rest != ""; {
			i := strings.IndexByte(rest, '=')
			words := strings.TrimSpace(rest[:i])
			want, after, _ := strings.Cut(rest[i+1:], " ")
			if rest = after; got[words] != want {
				t.Errorf("%q: %q is %q, want %q", c.text, words, got[words], want)
			}
		}
	}
}

func TestSectionsGiveDefaults(t *testing.T) {
	t.Parallel()
	f := annotate(t, `HPI: 54 yo with chest pain.
Past Medical History: asthma, hypertension
FAMILY HISTORY
Mother: diabetes mellitus. Uncle has gout.
Allergies: Penicillin (hives), latex - rash. NKDA to food.
Medications:
1. Metformin 500 mg tablet by mouth twice daily
2. Lisinopril 10 mg PO daily - held
Plan: chest x-ray for pneumonia`)
	want := map[string]string{"chest pain": "problem +", "asthma": "problem p", "hypertension": "problem p",
		"diabetes mellitus": "problem f", "gout": "problem f", "Penicillin": "allergy +", "latex": "allergy +",
		"Metformin": "medication +", "Lisinopril": "medication +", "pneumonia": "problem y"}
	got := map[string]record.Entity{}
	for _, e := range f.Entities {
		got[e.Text] = e
	}
	for words, w := range want {
		if e := got[words]; string(e.Type)+" "+said(e) != w {
			t.Errorf("%q: %s %s, want %s", words, e.Type, said(e), w)
		}
	}
	for words, attrs := range map[string]map[string]string{
		"Metformin":         {"strength": "500 mg", "form": "tablet", "route": "by mouth", "frequency": "twice daily", "sig": "500 mg tablet by mouth twice daily"},
		"Lisinopril":        {"strength": "10 mg", "route": "PO", "frequency": "daily", "status": "on-hold", "sig": "10 mg PO daily"},
		"Penicillin":        {"reaction": "hives"},
		"latex":             {"reaction": "rash"},
		"diabetes mellitus": {"relationship": "mother"},
	} {
		for k, v := range attrs {
			if got[words].Attributes[k] != v {
				t.Errorf("%q: %s is %q, want %q", words, k, got[words].Attributes[k], v)
			}
		}
	}
	if _, reaction := got["hives"]; reaction {
		t.Error("a reaction became a mention of its own")
	}
}

// A bleed of one organ is not every bleed: what is denied of the ulcer is not denied of it.
func TestBleedingIsAHemorrhage(t *testing.T) {
	t.Parallel()
	denied := false
	f := annotate(t, "Discharge Diagnosis: Upper gastrointestinal bleeding. Hospital Course: Upper endoscopy showed a gastric ulcer without active bleeding. Postpartum bleeding.")
	for _, e := range f.Entities {
		if strings.HasPrefix(e.Text, "Upper gastro") && (len(e.Codes) == 0 || e.Codes[0].Code != "K92.2" || e.State != record.Accepted) ||
			e.Text == "bleeding" && !e.Negated {
			t.Errorf("%+v", e)
		}
		denied = denied || e.Text == "bleeding" && e.Negated
	}
	if !denied {
		t.Error("the denied bleeding of the ulcer is not there")
	}
}

// TestAGivenSpanMayHoldItsCue asserts mentions that the caller found.
func TestAGivenSpanMayHoldItsCue(t *testing.T) {
	t.Parallel()
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	text := "There were no signs of infection. Fever persisted."
	got := e.Assert(text, []Span{{Begin: 34, End: 39, Type: record.Problem}, {Begin: 11, End: 32, Type: record.Problem}, {Begin: 23, End: 32, Type: record.Problem}, {Begin: 90, End: 95}})
	for i, want := range []string{"+", "n", "n"} {
		if said(got[i]) != want {
			t.Errorf("%q is %s, want %s", got[i].Text, said(got[i]), want)
		}
	}
	if got[3].Text != "" {
		t.Errorf("a span beyond the text is %q", got[3].Text)
	}
}

// What the tagger adds to a term never takes in the words that deny it, and what is over is over.
func TestAMentionDoesNotHideItsDenial(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"A thoracic computed tomography scan did not show pulmonary embolism.": "embolism",
		"There are no findings to suggest bowel obstruction.":                  "obstruction",
	} {
		found := false
		for _, e := range annotate(t, text).Entities {
			if e.Type == record.Problem && strings.Contains(e.Text, want) {
				found = true
				if !e.Negated || strings.Contains(e.Text, "not") || strings.Contains(e.Text, "suggest") {
					t.Errorf("%s: %q negated %t", text, e.Text, e.Negated)
				}
			}
		}
		if !found {
			t.Errorf("%s: nothing of %s", text, want)
		}
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	f := annotate(t, "Labs: Hemoglobin 9.1 g/dL (low), WBC 12.4, potassium 4.20 mmol/L. BP 142/88 mmHg. Takes potassium chloride. Sodium was not checked.")
	got := map[string]map[string]string{}
	for _, e := range f.Entities {
		got[e.Text] = e.Attributes
	}
	if a := got["Hemoglobin"]; a["value"] != "9.1" || a["unit"] != "g/dL" || a["flag"] != "low" {
		t.Errorf("hemoglobin: %v", a)
	}
	if a := got["potassium"]; a["value"] != "4.20" {
		t.Errorf("digits changed: %v", a)
	}
	if a := got["BP"]; a["value"] != "142/88" || a["category"] != "vital-signs" {
		t.Errorf("blood pressure: %v", a)
	}
	if a := got["Sodium"]; a["value"] != "" {
		t.Errorf("a test without a result: %v", a)
	}
}

func TestALetterheadIsForAPerson(t *testing.T) {
	t.Parallel()
	f := annotate(t, "Cedar Falls Hospital\n12 Burns Road, Cough Harbor, NY\n\nHPI: He has fever.")
	for _, e := range f.Entities {
		if accepted := e.State == record.Accepted; accepted != (e.Text == "fever") {
			t.Errorf("%q is %s", e.Text, e.State)
		}
	}
}

func TestAffirmedAndDeniedIsForAPerson(t *testing.T) {
	t.Parallel()
	for _, e := range annotate(t, "HPI: He has cough. ROS: denies cough.").Entities {
		if !e.Negated && e.State != record.Review {
			t.Errorf("%q affirmed and denied is %s", e.Text, e.State)
		}
	}
}

// Any text is answered, and cues never reach over a blank line.
func FuzzAnnotate(f *testing.F) {
	for _, s := range []string{"", "no fever\n\ncough", "\x00\xff", "Allergies: (((", strings.Repeat("no ", 500), "µg °F ½ İ 1,000.5/3"} {
		f.Add(s)
	}
	e, err := Open()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := utf8.RuneCountInString(s)
		for _, en := range e.Annotate(s).Entities {
			if en.Begin < 0 || en.End > n || en.Begin >= en.End {
				t.Fatalf("offsets %d-%d of %d", en.Begin, en.End, n)
			}
		}
	})
}

func BenchmarkAnnotate(b *testing.B) {
	e, err := Open()
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat("Patient denies fever, chills or cough. Metformin 500 mg by mouth twice daily for type 2 diabetes. No pneumothorax or effusion.\n", 400)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		e.Annotate(text)
	}
}

func TestADrugThatGaveWay(t *testing.T) {
	t.Parallel()
	f := annotate(t, "Metoprolol was changed to carvedilol. She was transitioned from dexamethasone to prednisone.")
	for _, e := range f.Entities {
		ended := e.Attributes["course"] == "ended"
		if want := strings.EqualFold(e.Text, "metoprolol") || e.Text == "dexamethasone"; ended != want {
			t.Errorf("%q has ended: %v", e.Text, ended)
		}
	}
	if len(f.Entities) != 4 {
		t.Errorf("%d mentions", len(f.Entities))
	}
}

// TestWordsHaveTheirNames holds that each own word which points to a name of the tables reaches it.
func TestWordsHaveTheirNames(t *testing.T) {
	t.Parallel()
	problems, err := terminology.Problems()
	if err != nil {
		t.Fatal(err)
	}
	code := map[string]string{}
	for _, p := range problems {
		code[p.Name] = p.Code
	}
	for _, row := range rows(findingsData) {
		if term, target, ok := strings.Cut(row, "\t"); ok && code[terminology.Normal(terminology.Plain(target))] == "" {
			t.Errorf("%q stands for %q, which has no code", term, target)
		}
	}
}

// TestTheSameEveryTime annotates one text with two engines, several times at once, to the same bytes.
func TestTheSameEveryTime(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("HPI: He denies fever, chills or cough. Hgb 7.1 g/dL (L), down from 9. Aspirin 81 mg daily.\nFHx: mother with asthma.\n", 5)
	encode := func(e *Engine) string {
		data, err := json.Marshal(e.Annotate(text))
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	one, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	want := encode(one)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			if got := encode([]*Engine{one, other}[i%2]); got != want {
				t.Error("another answer to the same text")
			}
		})
	}
	all.Wait()
}

// TestPlaceAndSideFindTheirTitle codes what notes say in another order than the titles do.
func TestPlaceAndSideFindTheirTitle(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"She complains of left knee pain.":         "M25.562",
		"She complains of pain in the right knee.": "M25.561",
		"Cellulitis of the left leg.":              "L03.116",
		"Abrasion of the right elbow.":             "S50.311A",
		"He has knee pain.":                        "M25.569",
		"He has pain.":                             "R52",
	} {
		got := ""
		for _, e := range annotate(t, text).Entities {
			if e.Type == record.Problem && len(e.Codes) > 0 {
				got = e.Codes[0].Code
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestASentenceWithoutAnEnd is answered in time that grows with its length, and what stands far on
// in it is for a person: a denial may still hold there.
func TestASentenceWithoutAnEnd(t *testing.T) {
	t.Parallel()
	n := 0
	for _, e := range annotate(t, "Denies "+strings.Repeat("fever and cough in the left knee with pain, ", 2000)).Entities {
		if e.Begin > 4000 && e.State == record.Accepted && !e.Negated {
			t.Fatalf("%+v", e)
		}
		n++
	}
	if n < 4000 {
		t.Errorf("%d mentions", n)
	}
}
