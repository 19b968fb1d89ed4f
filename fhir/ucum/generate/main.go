// Command generate derives units.txt from ucum-essence.xml (UCUM 2.2, http://unitsofmeasure.org),
// which is given as its argument. The first line of units.txt has the checksum of the source.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
)

type essence struct {
	Version string `xml:"version,attr"`
	Prefix  []struct {
		Code  string `xml:"Code,attr"`
		Value struct {
			Value string `xml:"value,attr"`
		} `xml:"value"`
	} `xml:"prefix"`
	Base []struct {
		Code string `xml:"Code,attr"`
	} `xml:"base-unit"`
	Unit []struct {
		Code      string `xml:"Code,attr"`
		Metric    string `xml:"isMetric,attr"`
		Special   string `xml:"isSpecial,attr"`
		Arbitrary string `xml:"isArbitrary,attr"`
		Value     struct {
			Unit     string `xml:"Unit,attr"`
			Value    string `xml:"value,attr"`
			Function struct {
				Name  string `xml:"name,attr"`
				Value string `xml:"value,attr"`
				Unit  string `xml:"Unit,attr"`
			} `xml:"function"`
		} `xml:"value"`
	} `xml:"unit"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: generate ucum-essence.xml")
	}
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var e essence
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // ASCII
	if err := dec.Decode(&e); err != nil {
		log.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# UCUM %s, ucum-essence.xml sha256 %x\n", e.Version, sha256.Sum256(data))
	for _, p := range e.Prefix {
		fmt.Fprintf(&b, "prefix\t%s\t%s\n", p.Code, p.Value.Value)
	}
	for _, u := range e.Base {
		fmt.Fprintf(&b, "base\t%s\n", u.Code)
	}
	for _, u := range e.Unit {
		kind := "unit"
		value, unit := u.Value.Value, u.Value.Unit
		switch {
		case u.Arbitrary == "yes":
			kind = "arbitrary"
		case u.Special == "yes":
			kind, value, unit = "special:"+u.Value.Function.Name, u.Value.Function.Value, u.Value.Function.Unit
		}
		metric := ""
		if u.Metric == "yes" {
			metric = "m"
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\n", kind, u.Code, metric, value, unit)
	}
	if err := os.WriteFile("units.txt", []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
