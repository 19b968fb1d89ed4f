package rest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// What is very large is answered or refused in words, and takes memory in proportion.
func TestLargeRequests(t *testing.T) {
	a := serve(t, nil)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	// A string of FHIR has 1 MB at most (http://hl7.org/fhir/R4/datatypes.html#string).
	part := `{"url":"http://e","valueString":"` + strings.Repeat("a", 1<<20-1) + `"}`
	large := a.want(201, "POST", "/Basic", `{"resourceType":"Basic","code":{"text":"x"},"extension":[`+strings.Repeat(part+",", 9)+part+`]}`)
	a.want(400, "POST", "/Basic", `{"resourceType":"Basic","code":{"text":"`+strings.Repeat("a", 1<<20+1)+`"}}`)
	if id := large.body.ID(); len(a.want(200, "GET", "/Basic/"+id, "").raw) < 10<<20-100 {
		t.Error("a resource of 10 MB comes back shorter")
	}
	a.want(413, "POST", "/Basic", `{"resourceType":"Basic","code":{"text":"x"},"extension":[`+strings.Repeat(part+",", 39)+part+`]}`)
	const entries = 10_000
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i := range entries {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"resource":{"resourceType":"Basic","code":{"text":"%d"}},"request":{"method":"POST","url":"Basic"}}`, i)
	}
	b.WriteString(`]}`)
	if n := len(a.want(200, "POST", "", b.String()).body.Get("entry").Items()); n != entries {
		t.Errorf("%d of %d entries answered", n, entries)
	}
	large.body, large.raw = nil, nil
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 200<<20 {
		t.Errorf("%d MB stay in memory", kept>>20)
	}
}
