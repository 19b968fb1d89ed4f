package clinical

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"chartlake/internal/sharedtest"

	"chartlake/fault"
)

// write makes files in a folder of their own.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func measure(t *testing.T, path string) *Report {
	t.Helper()
	sets, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Measure(sets, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func only(t *testing.T, r *Report) Result {
	t.Helper()
	if len(r.Sets) != 1 {
		t.Fatalf("%d sets", len(r.Sets))
	}
	return r.Sets[0]
}

func TestBrat(t *testing.T) {
	t.Parallel()
	text := "Señora denies fever. She has gout and takes aspirin."
	r := only(t, measure(t, write(t, map[string]string{"a.txt": text, "a.ann": "T1\tSign_symptom 14 19\tfever\nE1\tSign_symptom:T1 \nT2\tDisease_disorder 29 33\tgout\nE2\tDisease_disorder:T2 \n" +
		"T3\tMedication 44 51\taspirin\nE3\tMedication:T3 \nT4\tAge 0 6\tSeñora\nA1\tPOLARITY E1 NEG\nR1\tMODIFY Arg1:E1 Arg2:E2\n"})))
	if r.Format != "brat" || len(r.Types) != 3 {
		t.Fatalf("%+v", r)
	}
	for _, s := range r.Types {
		if s.Strict.F1 != 1 || s.Overlap.F1 != 1 {
			t.Errorf("%s: %+v", s.Type, s)
		}
	}
	for _, a := range r.Assertion {
		if a.Property == "negated" && (a.TP != 1 || a.FP != 0 || a.FN != 0) {
			t.Errorf("%+v", a)
		}
	}
	if r.Leakage == nil || r.Leakage.NegatedActive != (Share{0, 1}) {
		t.Errorf("%+v", r.Leakage)
	}
}

// TestMistakesCount has gold that the text does not bear out: each must be counted.
func TestMistakesCount(t *testing.T) {
	t.Parallel()
	rows := `{"text":"He has fever.","entities":[{"begin":7,"end":12,"type":"problem","negated":true}]}
{"text":"He has gout.","entities":[{"begin":7,"end":11,"type":"problem","experiencer":"family"},{"begin":0,"end":2,"type":"problem","negated":false}]}
{"text":"He has severe gout.","entities":[{"begin":7,"end":18,"type":"problem"}]}
`
	r := only(t, measure(t, write(t, map[string]string{"gold.jsonl": rows})))
	if s := r.Types[0]; s.Strict.TP != 2 || s.Strict.FP != 1 || s.Strict.FN != 2 || s.Overlap.TP != 3 || s.Overlap.FN != 1 {
		t.Errorf("%+v", s)
	}
	if r.Leakage == nil || r.Leakage.NegatedActive != (Share{1, 1}) || r.Leakage.FamilyPatient != (Share{1, 1}) {
		t.Errorf("%+v", r.Leakage)
	}
}

func TestColumnsAndConcepts(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"iob/train.tsv":   "Aspirin\tB-Chemical\nfor\tO\ngout\tB-Disease\n.\tO\n\nNo\tO\nrenal\tB-Disease\nfailure\tI-Disease\n",
		"kit/rows.tsv":    "number\tconcept\tsentence\tnegation\ttemporality\texperiencer\n1\tFEVER\tHe denies fever.\tNegated\tRecent\tPatient\n2\tmumps\tno such words\tAffirmed\tRecent\tPatient\n",
		"kit/readme.txt":  "no gold",
		"other/data.json": `{"unrelated": true}`,
	})
	r := measure(t, dir)
	if len(r.Sets) != 2 {
		t.Fatalf("%+v", r.Sets)
	}
	iob, kit := r.Sets[0], r.Sets[1]
	if all := iob.Types[len(iob.Types)-1]; iob.Format != "iob" || iob.Texts != 2 || all.Strict.TP != 3 || all.Strict.FP+all.Strict.FN != 0 {
		t.Errorf("%+v", iob)
	}
	if kit.Format != "concepts" || kit.Lost != 1 || kit.Texts != 1 || len(kit.Types) != 0 || kit.Leakage.NegatedActive != (Share{0, 1}) {
		t.Errorf("%+v", kit)
	}
}

func TestSigs(t *testing.T) {
	t.Parallel()
	r := only(t, measure(t, write(t, map[string]string{"sigs.json": `[
{"sig":"1 tab po bid","dosage":[{"dose":"1","unit":"tablet","route":"oral","frequency":"2","period":"1","period_unit":"d"}]},
{"sig":"1 tab po bid","dosage":[{"dose":"2","unit":"tablet","route":"oral","frequency":"2","period":"1","period_unit":"d"}]}]`})))
	if r.Sig == nil || *r.Sig != (Share{1, 2}) {
		t.Errorf("%+v", r.Sig)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"no_gold":      {"a.txt": "words"},
		"no_text":      {"a.ann": "T1\tDisease 0 1\tx\n"},
		"bad_standoff": {"a.ann": "T1\tDisease 5 3\tx\n", "a.txt": "words"},
		"bad_columns":  {"a.tsv": "word\tO\nbroken\n"},
		"bad_offsets":  {"a.json": `{"text":"x","entities":[{"begin":0,"end":2,"type":"problem"}]}`},
	} {
		_, err := Load(write(t, files))
		if f := fault.As(err); f == nil || f.Code != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !fault.Is(err, fault.NotFound) {
		t.Errorf("a missing folder: %v", err)
	}
}

// TestTheSameTwice reads an archive in place, twice, to the same bytes.
func TestTheSameTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "set.tgz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	tw := tar.NewWriter(z)
	data := []byte("no\tO\nfever\tB-Disease\nbut\tO\naspirin\tB-Chemical\n")
	if err := tw.WriteHeader(&tar.Header{Name: "x/a.tsv", Mode: 0o600, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	if _, err := tw.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tw.Close(), z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	first, _ := json.Marshal(measure(t, path))
	second, _ := json.Marshal(measure(t, path))
	if string(first) != string(second) || len(first) < 100 {
		t.Errorf("%s\n%s", first, second)
	}
}

// TestDevelopmentSets holds what the rules reach on the development sets, less a little.
func TestDevelopmentSets(t *testing.T) {
	t.Parallel()
	for name, bars := range map[string]map[string]float64{
		"maccrobat2020-dev.tgz": {"negated": 0.88},
		"negex-kit.tgz":         {"negated": 0.965, "historical": 0.64},
	} {
		path := sharedtest.Path(t, "clinical/"+name)
		r := only(t, measure(t, path))
		t.Log("\n" + r.table())
		for _, a := range r.Assertion {
			if a.F1 < bars[a.Property] {
				t.Errorf("%s: %s F1 %.3f, bar %.3f", name, a.Property, a.F1, bars[a.Property])
			}
		}
		if l := r.Leakage; float64(l.NegatedActive.N) > 0.02*float64(l.NegatedActive.Of) {
			t.Errorf("%s: %d of %d denied mentions became active Conditions", name, l.NegatedActive.N, l.NegatedActive.Of)
		}
	}
}

// Any bytes are read or refused.
func FuzzRead(f *testing.F) {
	f.Add("a.ann", "T1\tDisease 0 1\tx\nE1\tX:T1\nA1\tNEG E1\n", "text")
	f.Add("a.tsv", "word\tB-X\n\nx\tI-\n", "")
	f.Add("a.tsv", "line number\tx\n1\tfever\tno fever\tNegated\tRecent\tPatient", "")
	f.Add("a.jsonl", `{"sig":"1 tab","dosage":null}`, "")
	f.Fuzz(func(t *testing.T, name, data, text string) {
		sets, err := read("set", map[string]string{name: data, "a.txt": text})
		if err != nil {
			return
		}
		for _, s := range sets {
			for _, x := range s.Texts {
				n := len([]rune(x.Text))
				for _, m := range x.Mentions {
					if m.Begin < 0 || m.Begin >= m.End || m.End > n {
						t.Fatalf("mention %d-%d of %d", m.Begin, m.End, n)
					}
				}
			}
		}
	})
}
