package validate

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// active are elements that run, load or ask for something; R4 allows none of them in a
// narrative (http://hl7.org/fhir/R4/narrative.html#xhtml).
var active = map[string]bool{"script": true, "style": true, "object": true, "embed": true, "iframe": true, "frame": true,
	"form": true, "input": true, "button": true, "link": true, "meta": true, "base": true, "head": true, "body": true,
	"applet": true, "audio": true, "video": true, "svg": true, "math": true, "template": true}

// narrative checks the text of a narrative: one well-formed div of XHTML without active
// content or event handlers.
func narrative(text string) string {
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Entity = xml.HTMLEntity
	depth, roots := 0, 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && depth == 0 && roots == 1 {
			return ""
		}
		if err != nil {
			return ": it is not well formed"
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if depth == 0 {
				if roots++; roots > 1 || t.Name.Local != "div" || t.Name.Space != "http://www.w3.org/1999/xhtml" {
					return ": it is one div of the XHTML namespace"
				}
			}
			if depth++; depth > 200 {
				return ": it is nested too deep"
			}
			if !passive(t) {
				return ": it has active content"
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return ": it has a document type"
		}
	}
}

func passive(t xml.StartElement) bool {
	if active[strings.ToLower(t.Name.Local)] {
		return false
	}
	for _, a := range t.Attr {
		name, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.TrimSpace(a.Value))
		if strings.HasPrefix(name, "on") || strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "vbscript:") {
			return false
		}
	}
	return true
}
