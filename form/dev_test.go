package form_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/eval/score"
	"chartlake/eval/specimen"
	"chartlake/form"
	"chartlake/reader"
	"chartlake/reader/ocr"
	"chartlake/record"
)

func TestMain(m *testing.M) {
	ocr.ChildMain(os.Args)
	os.Exit(m.Run())
}

var theReader *reader.Reader

func readDoc(t *testing.T, sp *specimen.Specimen) *document.Document {
	cache := filepath.Join("/tmp/devdocs"+os.Getenv("DEV_TAG"), sp.Name+".json")
	if b, err := os.ReadFile(cache); err == nil {
		var d document.Document
		if json.Unmarshal(b, &d) == nil {
			return &d
		}
	}
	if theReader == nil {
		r, err := reader.Open(reader.Config{Workers: 2, CacheDir: "/tmp/devpdfium"})
		if err != nil {
			t.Fatal(err)
		}
		theReader = r
	}
	d, err := theReader.Read(context.Background(), bytes.NewReader(sp.Bytes), int64(len(sp.Bytes)), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	os.MkdirAll(filepath.Dir(cache), 0o700)
	b, _ := json.Marshal(d)
	os.WriteFile(cache, b, 0o600)
	return d
}

func TestDev(t *testing.T) {
	conds := strings.Fields(os.Getenv("DEV_COND"))
	if len(conds) == 0 {
		t.Skip("dev")
	}
	seeds := 4
	if s := os.Getenv("DEV_SEEDS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	verbose := os.Getenv("DEV_V") != ""
	for _, cond := range conds {
		for _, k := range specimen.Kinds() {
			if only := os.Getenv("DEV_KIND"); only != "" && only != string(k) {
				continue
			}
			for _, layout := range specimen.Layouts(k) {
				if only := os.Getenv("DEV_LAYOUT"); only != "" && only != layout {
					continue
				}
				var sum score.Result
				misses := map[string]int{}
				extra := map[string]int{}
				for seed := 1; seed <= seeds; seed++ {
					sp, err := specimen.Make(uint64(seed)+1000, k, layout, specimen.Condition(cond))
					if err != nil {
						t.Fatal(err)
					}
					doc := readDoc(t, sp)
					segs := form.Understand(doc, form.Us{})
					rec := &record.Record{Segments: segs}
					r := score.Document(sp.Expected, rec, nil)
					for _, m := range r.Misses {
						misses[m]++
					}
					for f, n := range r.FlagsExtra {
						extra[f] += n
					}
					sum.Type.Add(r.Type)
					sum.Recall.Add(r.Recall)
					sum.Precision.Add(r.Precision)
					sum.PrecisionOf.Add(r.PrecisionOf)
					sum.Rows.Add(r.Rows)
					sum.Cells.Add(r.Cells)
					sum.CellsPrecise.Add(r.CellsPrecise)
					sum.Boxes.Add(r.Boxes)
					sum.Flags.Add(r.Flags)
					sum.Checks.Add(r.Checks)
					sum.Accepted.Add(r.Accepted)
					sum.Wrong.Add(r.Wrong)
					sum.RowsExtra += r.RowsExtra
					if verbose {
						dump(t, segs, sp)
					}
				}
				t.Logf("%s %s/%s type %v rec %v prec %v precOf %v rows %v(+%d) cells %v cprec %v boxes %v flags %v checks %v acc %v WRONG %v extra %v", cond, k, layout,
					sum.Type, sum.Recall, sum.Precision, sum.PrecisionOf, sum.Rows, sum.RowsExtra, sum.Cells, sum.CellsPrecise, sum.Boxes, sum.Flags, sum.Checks, sum.Accepted, sum.Wrong, extra)
				var ms []string
				for m, n := range misses {
					ms = append(ms, fmt.Sprintf("%s×%d", m, n))
				}
				sort.Strings(ms)
				if len(ms) > 24 {
					ms = ms[:24]
				}
				t.Logf("   misses: %v", ms)
			}
		}
	}
}

func dump(t *testing.T, segs []record.Segment, sp *specimen.Specimen) {
	for _, s := range segs {
		t.Logf("== %s %s %.2f pages %v sections %d", sp.Name, s.Type, s.TypeConfidence, s.Pages, len(s.Sections))
		for _, f := range s.Fields {
			v := "<nil>"
			if f.Value != nil {
				v = *f.Value
			}
			want := "-"
			if w, ok := sp.Expected.Fields[f.Name]; ok {
				want = strings.Join(w.Parts, "|")
			}
			t.Logf("   %-20s %-8s %.2f %q want %q %s %v", f.Name, f.State, f.Confidence, v, want, f.Rule, f.Reasons)
		}
		for _, l := range s.Lines {
			line := ""
			for _, k := range []string{"test", "value", "flag", "unit", "range"} {
				if f, ok := l[k]; ok && f.Value != nil {
					mark := ""
					if f.State != record.Accepted {
						mark = "?" + fmt.Sprint(f.Reasons)
					}
					line += fmt.Sprintf("%s=%q%s ", k, *f.Value, mark)
				}
			}
			t.Log("     ", line)
		}
		for _, f := range s.Flags {
			t.Logf("   FLAG %s %s %v", f.Code, f.Message, f.Fields)
		}
	}
}

func wordsIn(doc *document.Document, f record.Field) (least, mean float64) {
	least = 1
	n := 0.0
	p := doc.Page(f.Page)
	if p == nil {
		return 0, 0
	}
	for _, w := range p.Words {
		if i := w.Box.Intersect(f.Box); i.Area() > 0.5*w.Box.Area() {
			least = min(least, w.Confidence)
			mean += w.Confidence
			n++
		}
	}
	return least, mean / max(n, 1)
}

func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \n,.;:()*", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

func TestCalibrate(t *testing.T) {
	out := os.Getenv("DEV_CSV")
	if out == "" {
		t.Skip("dev")
	}
	f, _ := os.Create(out)
	defer f.Close()
	seeds, _ := strconv.Atoi(os.Getenv("DEV_SEEDS"))
	for _, cond := range strings.Fields(os.Getenv("DEV_COND")) {
		for _, k := range specimen.Kinds() {
			for _, layout := range specimen.Layouts(k) {
				for seed := 1; seed <= seeds; seed++ {
					sp, err := specimen.Make(uint64(seed)+1000, k, layout, specimen.Condition(cond))
					if err != nil {
						t.Fatal(err)
					}
					doc := readDoc(t, sp)
					have := map[string]bool{}
					all := ""
					for name, v := range sp.Expected.Fields {
						for _, n := range strings.Split(name, "|") {
							for _, p := range v.Parts {
								have[n+"="+squash(p)] = true
							}
							have[n] = true
							all += squash(strings.Join(v.Parts, ""))
						}
					}
					for _, l := range sp.Expected.Lines {
						for name, v := range l {
							for _, p := range v.Parts {
								have[name+"="+squash(p)] = true
							}
							have[name] = true
						}
					}
					put := func(fl record.Field) {
						if !have[fl.Name] || fl.Value == nil || fl.State == record.Missing {
							return
						}
						least, mean := wordsIn(doc, fl)
						right := have[fl.Name+"="+squash(fl.Raw)] || have[fl.Name+"="+squash(strings.ReplaceAll(fl.Raw, "\n", " "))] || fl.Name == "claims_address"
						fmt.Fprintf(f, "%s\t%s\t%s\t%s\t%.3f\t%.3f\t%v\t%s\t%s\t%q\n", cond, k, fl.Name, fl.Kind, least, mean, right, fl.State, fl.Rule, fl.Raw)
					}
					for _, s := range form.Understand(doc, form.Us{}) {
						for _, fl := range s.Fields {
							put(fl)
						}
						for _, l := range s.Lines {
							for _, fl := range l {
								put(fl)
							}
						}
					}
				}
			}
		}
	}
}
