package definition

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestEmbeddedFileIsTheRecordedOne(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("sources.txt")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(packed)
	if want := hex.EncodeToString(sum[:]) + "  r4.zst\n"; !strings.Contains(string(list), want) {
		t.Errorf("sources.txt does not record r4.zst as it is: %s", want)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	d := R4()
	if n := len(d.ResourceTypes()); n != 146 {
		t.Errorf("%d resource types, R4 has 146 that instances may have", n)
	}
	if n := len(d.AllSearchParameters()); n < 1377 {
		t.Errorf("%d search parameters", n)
	}
	for _, name := range []string{"Patient", "Practitioner", "RelatedPerson", "Encounter", "Device"} {
		if c := d.Compartment(name); c == nil || len(c.Params) < 20 {
			t.Errorf("compartment %s is missing or short", name)
		}
	}
}

func TestEveryReferenceIsResolved(t *testing.T) {
	t.Parallel()
	for _, typ := range R4().Types() {
		if typ.Root == nil {
			t.Fatalf("%s has no root", typ.Name)
		}
		var visit func(e *Element)
		visit = func(e *Element) {
			if e != typ.Root && len(e.Types) == 0 && e.Reference == nil {
				t.Errorf("%s has neither a type nor a content reference", e.Path)
			}
			if e.Binding != nil && e.Binding.Strength == Required && R4().ValueSet(e.Binding.ValueSet) == nil {
				t.Errorf("%s: value set %s is missing", e.Path, e.Binding.ValueSet)
			}
			for _, c := range e.Children {
				visit(c)
			}
		}
		visit(typ.Root)
		if _, err := regexp.Compile("^(" + typ.Regex + ")$"); err != nil {
			t.Errorf("%s: %v", typ.Name, err)
		}
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	d := R4()
	obs := d.Type("Observation")
	e, typ := obs.Root.Property("valueQuantity")
	if e == nil || e.Path != "Observation.value[x]" || typ.Name != "Quantity" || !e.Choice || e.Member(typ) != "valueQuantity" {
		t.Errorf("valueQuantity is %v %v", e, typ)
	}
	for _, none := range []string{"value", "valueMoney", "valuequantity", "nothing", "valueQuantityx"} {
		if e, _ := obs.Root.Property(none); e != nil {
			t.Errorf("Observation has a member %s", none)
		}
	}
	status := obs.Element("status")
	if status.Min != 1 || status.Max != 1 || !status.Summary || !status.Modifier || status.Binding.Strength != Required {
		t.Errorf("status is %+v", status)
	}
	if !d.ValueSet(status.Binding.ValueSet).Has("", "final") || d.ValueSet(status.Binding.ValueSet).Has("", "finale") {
		t.Error("observation-status has other codes")
	}
	if rr := obs.Element("component", "referenceRange", "low"); rr == nil || rr.Path != "Observation.referenceRange.low" {
		t.Errorf("content reference leads to %v", rr)
	}
	if !d.Type("Patient").Is("DomainResource") || d.Type("Bundle").Is("DomainResource") || !d.Type("canonical").Is("uri") {
		t.Error("the hierarchy of types is wrong")
	}
	if d.Type("Meta").Element("project") != nil || d.Type("ResearchStudy").Element("label") != nil {
		t.Error("elements that are not R4 are in")
	}
	if d.Type("EvidenceVariable").Element("characteristic", "participantEffective") == nil {
		t.Error("an R4 element is lost")
	}
}

func TestSearchParameters(t *testing.T) {
	t.Parallel()
	d := R4()
	for _, code := range []string{"_id", "_lastUpdated", "_text", "identifier", "birthdate", "general-practitioner"} {
		if d.SearchParameter("Patient", code) == nil {
			t.Errorf("Patient has no parameter %s", code)
		}
	}
	if d.SearchParameter("Bundle", "_text") != nil || d.SearchParameter("Patient", "birthdat") != nil {
		t.Error("a parameter where there is none")
	}
	p := d.SearchParameter("Observation", "code-value-quantity")
	if p == nil || len(p.Components) != 2 || p.Components[0].Code != "code" || p.Components[1].Expression != "value.as(Quantity)" {
		t.Errorf("composite is %+v", p)
	}
	for _, p := range d.AllSearchParameters() {
		for _, c := range p.Components {
			if c.Code == "" || c.Expression == "" {
				t.Errorf("%s: component without code", p.ID)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		dec, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		text, _ := dec.DecodeAll(packed, nil)
		dec.Close()
		decode(string(text))
	}
}
