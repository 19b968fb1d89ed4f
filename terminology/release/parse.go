package release

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"chartlake/fault"
)

func malformed(format string, args ...any) error {
	return fault.New(fault.Corrupt, "release_malformed", format, args...)
}

// eachLine calls take for every line, without its end.
func eachLine(in io.Reader, take func(n int, line string) error) error {
	kept := &refusal{in: in}
	s := bufio.NewScanner(kept)
	s.Buffer(make([]byte, 64<<10), lineMax)
	for n := 1; s.Scan(); n++ {
		if err := take(n, strings.TrimSuffix(s.Text(), "\r")); err != nil {
			if kept.err != nil {
				return kept.err // the line was cut by it
			}
			return err
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fault.New(fault.TooLarge, "line_too_long", "a line of the release has more than %d bytes", lineMax)
	}
	return s.Err()
}

// refusal remembers why reading ended.
type refusal struct {
	in  io.Reader
	err error
}

func (r *refusal) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// parseICD10CM reads the order file (fixed columns: order number 1-5, code 7-13 without its point,
// 1 for a code that may be billed 15, short title 17-76, long title from 78) or the tabular list
// (XML). Source: the "order file" description that CMS packs with the files.
func parseICD10CM(name string, in io.Reader, d *draft) error {
	if strings.HasSuffix(strings.ToLower(name), ".xml") {
		return parseTabular(in, d)
	}
	any := false
	err := eachLine(in, func(n int, line string) error {
		if strings.TrimSpace(line) == "" {
			return nil
		}
		if len(line) < 77 || strings.TrimLeft(line[:5], "0123456789") != "" || line[5] != ' ' || line[14] != '0' && line[14] != '1' {
			return malformed("line %d is not one of an ICD-10-CM order file", n)
		}
		c, err := d.concept(pointed(strings.TrimSpace(line[6:13])))
		if err != nil {
			return err
		}
		any = true
		c.Billable = line[14] == '1'
		if c.Display, err = d.name(line[77:]); err != nil {
			return err
		}
		if c.Display == "" {
			c.Display, err = d.name(line[16:min(76, len(line))])
		}
		return err
	})
	if err == nil && !any {
		err = malformed("the order file has no codes")
	}
	if err == nil {
		d.headings()
	}
	return err
}

// pointed writes an ICD-10-CM code with its point.
func pointed(code string) string {
	if len(code) > 3 && code[3] != '.' {
		return code[:3] + "." + code[3:]
	}
	return code
}

// headings gives each code the longest shorter one that begins it as its parent.
func (d *draft) headings() {
	for code, c := range d.concepts {
		for end := len(code) - 1; end >= 3; end-- {
			above := strings.TrimSuffix(code[:end], ".")
			if above != code && d.concepts[above] != nil {
				c.Parents = []string{above}
				break
			}
		}
	}
}

// tabularDepth is how deep codes lie in each other: seven characters.
const tabularDepth = 16

// parseTabular reads diag elements: name, desc, inclusionTerm/note.
func parseTabular(in io.Reader, d *draft) error {
	x := xml.NewDecoder(in)
	x.Strict = true
	var path []string
	var open []*Concept // diag elements that are open; nil until their name was read
	var text bytes.Buffer
	for {
		token, err := x.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return malformed("the tabular list is not well-formed XML")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) > 64 {
				return malformed("the tabular list is nested too deep")
			}
			path = append(path, t.Name.Local)
			text.Reset()
			if t.Name.Local == "diag" {
				if open = append(open, nil); len(open) > tabularDepth {
					return malformed("the codes of the tabular list are nested too deep")
				}
			}
		case xml.CharData:
			if text.Len()+len(t) > lineMax {
				return fault.New(fault.TooLarge, "line_too_long", "a text of the release has more than %d bytes", lineMax)
			}
			text.Write(t)
		case xml.EndElement:
			if len(path) == 0 || path[len(path)-1] != t.Name.Local {
				return malformed("the tabular list is not well-formed XML")
			}
			path = path[:len(path)-1]
			if err := d.tabular(path, t.Name.Local, strings.TrimSpace(text.String()), open); err != nil {
				return err
			}
			text.Reset()
			if t.Name.Local == "diag" {
				open = open[:len(open)-1]
			}
		}
	}
	if len(path) > 0 || len(d.concepts) == 0 && d.version == "" {
		return malformed("the tabular list ends too early")
	}
	return nil
}

// tabular takes the text of an element that has ended.
func (d *draft) tabular(path []string, name, text string, open []*Concept) (err error) {
	parent := ""
	if len(path) > 0 {
		parent = path[len(path)-1]
	}
	switch {
	case name == "version" && len(path) == 1 && text != "":
		d.version = text
	case len(open) == 0:
	case name == "name" && parent == "diag":
		c, err := d.concept(text)
		if err != nil {
			return err
		}
		open[len(open)-1] = c
		if len(open) > 1 && open[len(open)-2] != nil {
			c.Parents = []string{open[len(open)-2].Code}
		}
	case open[len(open)-1] == nil:
	case name == "desc" && parent == "diag":
		c := open[len(open)-1]
		if c.Display == "" {
			c.Display, err = d.name(text)
			return err
		}
		return d.synonym(c, text)
	case name == "note" && parent == "inclusionTerm":
		return d.synonym(open[len(open)-1], text)
	}
	return err
}

// rxnTypes are the term types (TTY) that name a concept, the best first. Source: RxNorm technical
// documentation, appendix 5.
var rxnTypes = map[string]int{"PSN": 3, "SCD": 1, "SBD": 1, "GPCK": 1, "BPCK": 1, "IN": 1, "PIN": 1, "MIN": 1, "BN": 1, "SCDC": 2, "SBDC": 2,
	"SCDF": 2, "SBDF": 2, "SCDG": 2, "SBDG": 2, "SCDFP": 2, "SBDFP": 2, "SCDGP": 2, "DF": 2, "DFG": 2, "SY": 4, "TMSY": 4, "ET": 5}

// parseRxNorm reads RXNCONSO.RRF: 18 columns, of which RXCUI (1), LAT (2), SAB (12), TTY (13), STR (15)
// and SUPPRESS (17) are read. Only atoms of the source RXNORM are, which need no licence of others.
func parseRxNorm(_ string, in io.Reader, d *draft) error {
	suppressed := map[string]bool{}
	err := eachLine(in, func(n int, line string) error {
		f := strings.Split(line, "|")
		if len(f) != 19 || f[18] != "" {
			return malformed("line %d has not the 18 columns of RXNCONSO.RRF", n)
		}
		rank := rxnTypes[f[12]]
		if f[11] != "RXNORM" || f[1] != "ENG" || rank == 0 {
			return nil
		}
		c, err := d.concept(f[0])
		if err != nil {
			return err
		}
		text, err := d.name(f[14])
		if err != nil || text == "" {
			return err
		}
		off := f[16] != "N" && f[16] != ""
		if rank > 3 || d.rank[c.Code] != 0 && d.rank[c.Code] <= rank {
			c.Synonyms = append(c.Synonyms, text)
			return nil
		}
		if c.Display != "" {
			c.Synonyms = append(c.Synonyms, c.Display)
		}
		c.Display, d.rank[c.Code], suppressed[c.Code] = text, rank, off
		return nil
	})
	for code, off := range suppressed {
		d.concepts[code].Active = !off
	}
	if err == nil && len(d.concepts) == 0 {
		err = malformed("the file has no atoms of RXNORM")
	}
	return err
}

// loincColumns are the columns that are read, under the names of Loinc.csv and of the lists of common
// tests that Regenstrief gives out.
var loincColumns = map[string]string{"LOINC_NUM": "code", "LOINC #": "code", "LONG_COMMON_NAME": "long", "LONG COMMON NAME": "long", "SHORTNAME": "short",
	"SHORT NAME": "short", "DISPLAYNAME": "display", "CONSUMERNAME": "consumer", "STATUS": "status"}

// parseLOINC reads Loinc.csv by its header.
func parseLOINC(_ string, in io.Reader, d *draft) error {
	// A quote that is never closed would make one field of the rest of the file.
	r := csv.NewReader(io.LimitReader(in, memberMax))
	r.ReuseRecord, r.FieldsPerRecord = true, 0
	header, err := r.Read()
	if err != nil {
		return malformed("the file has no header")
	}
	columns := map[string]int{}
	for i, name := range header {
		if known := loincColumns[strings.ToUpper(strings.TrimPrefix(name, "\ufeff"))]; known != "" {
			columns[known] = i
		}
	}
	code, coded := columns["code"]
	long, named := columns["long"]
	if !coded || !named {
		return malformed("the header has no LOINC_NUM and LONG_COMMON_NAME")
	}
	for n := 2; ; n++ {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return malformed("row %d is not one of a CSV file with this header", n)
		}
		c, err := d.concept(row[code])
		if err != nil {
			return err
		}
		if c.Display, err = d.name(row[long]); err != nil {
			return err
		}
		for _, extra := range []string{"short", "display", "consumer"} {
			if i, ok := columns[extra]; ok {
				if err := d.synonym(c, row[i]); err != nil {
					return err
				}
			}
		}
		if i, ok := columns["status"]; ok && row[i] == "DEPRECATED" {
			c.Active = false
		}
	}
}

// Identifiers that the RF2 format itself is made with (SNOMED CT Release File Specifications,
// 4.2: description types, relationship types).
const (
	rf2FullName = "900000000000003001"
	rf2IsA      = "116680003"
)

// parseSNOMED reads a snapshot file of concepts, descriptions or relationships, by its header.
func parseSNOMED(_ string, in io.Reader, d *draft) error {
	kind := ""
	columns := map[string]int{"id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId": 5,
		"id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId":                            9,
		"id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId": 10}
	want := 0
	err := eachLine(in, func(n int, line string) error {
		if n == 1 {
			kind = strings.TrimPrefix(line, "\ufeff")
			if want = columns[kind]; want == 0 {
				return malformed("the header is none of an RF2 snapshot of concepts, descriptions or relationships")
			}
			return nil
		}
		f := strings.Split(line, "\t")
		if len(f) != want || f[2] != "0" && f[2] != "1" {
			return malformed("line %d has not the columns of its header", n)
		}
		switch {
		case want == 5:
			c, err := d.concept(f[0])
			if err == nil {
				c.Active = f[2] == "1"
			}
			return err
		case f[2] == "0":
			return nil
		case want == 9:
			return d.description(f[4], f[5], f[6], f[7])
		case f[7] == rf2IsA:
			c, err := d.concept(f[4])
			if err == nil {
				if !codeRE.MatchString(f[5]) {
					return malformed("line %d relates to no concept", n)
				}
				c.Parents = append(c.Parents, f[5])
			}
			return err
		}
		return nil
	})
	if err == nil && want == 0 {
		err = malformed("the file is empty")
	}
	return err
}

// description adds a term; the fully specified name is the display, without its tag a synonym, too.
func (d *draft) description(concept, language, typ, term string) error {
	if language != "en" {
		return nil
	}
	c, err := d.concept(concept)
	if err != nil {
		return err
	}
	if typ != rf2FullName {
		return d.synonym(c, term)
	}
	if c.Display, err = d.name(term); err != nil {
		return err
	}
	if i := strings.LastIndex(c.Display, " ("); i > 0 && strings.HasSuffix(c.Display, ")") {
		return d.synonym(c, c.Display[:i])
	}
	return nil
}
