package identity

import "testing"

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "O'Brien-Smith, Jr.": "obriensmithjr", "(555) 010-4477": "5550104477", "MÜLLER": "muller", "Zoë 3": "zoe3",
	} {
		if got := fold(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	// The mark at the end sends the same letters the long way.
	all := make([]byte, 0, 128)
	for c := range byte(128) {
		all = append(all, c)
	}
	if short, long := fold(string(all)), fold(string(all)+"\u0301"); short != long {
		t.Errorf("%q and %q", short, long)
	}
}
