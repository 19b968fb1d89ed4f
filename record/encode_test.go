package record

import (
	"encoding/json"
	"testing"
)

// TestEncode: Encode says what json.Marshal says.
func TestEncode(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*Record{
		"without a Bundle": {Versions: map[string]string{"form": "2"}},
		"with one":         {Bundle: json.RawMessage(`{"resourceType":"Bundle","id":"<&>"}`), Versions: map[string]string{"a": "b", "form": "2"}},
		"approved":         {Bundle: json.RawMessage(`{}`), Approved: &Human{}, Segments: []Segment{{Type: "versions"}}},
		"nothing else":     {Bundle: json.RawMessage(`[]`)},
	} {
		got, err := r.Encode()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var again Record
		if err := json.Unmarshal(got, &again); err != nil {
			t.Errorf("%s: %v in %s", name, err, got)
			continue
		}
		a, _ := json.Marshal(&again)
		if b, _ := json.Marshal(r); string(a) != string(b) {
			t.Errorf("%s: %s, want %s", name, a, b)
		}
	}
}
