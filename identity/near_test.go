package identity

import "testing"

func TestNear(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		near func(a, b string) bool
		a, b string
		want bool
	}{
		{nearName, "garcia", "gracia", true},
		{nearName, "garcia", "garca", true},
		{nearName, "garcia", "garciaa", true},
		{nearName, "garcia", "gorcia", true},
		{nearName, "garcia", "gorica", false},
		{nearName, "kim", "kin", false},
		{nearName, "kim", "k1m", true},
		{nearName, "burns", "bums", true},
		{nearName, "papadopoulos", "papadopuolis", true},
		{nearName, "", "", true},
		{partOf, "Reyes-Walker", "Walker", true},
		{partOf, "de la Cruz", "Cruz", true},
		{partOf, "Reyes-Walker", "Reyes-Cruz", false},
		{partOf, "Walker", "Walker", false},
		{nearNumber, "12345", "12354", true},
		{nearNumber, "12345", "12346", true},
		{nearNumber, "12345", "12355", true},
		{nearNumber, "1234", "1235", false},
		{nearNumber, "12345", "123456", false},
		{nearDate, "1961-11-02", "1961-11-03", true},
		{nearDate, "1961-11-02", "1961-02-11", true},
		{nearDate, "1961-11-02", "1916-11-02", true},
		{nearDate, "1961-11-02", "1971-11-03", false},
		{nearDate, "1961-11", "1961-12", false},
	} {
		if tt.near(tt.a, tt.b) != tt.want || tt.near(tt.b, tt.a) != tt.want {
			t.Errorf("%s and %s: want %t", tt.a, tt.b, tt.want)
		}
	}
}

// Nearness is about one slip and says the same both ways, whatever the bytes.
func FuzzNear(f *testing.F) {
	f.Add("garcia", "gracia")
	f.Add("1961-11-02", "1961-02-11")
	f.Fuzz(func(t *testing.T, a, b string) {
		fa, fb := fold(a), fold(b)
		for name, near := range map[string]func(a, b string) bool{"name": nearName, "number": nearNumber, "date": nearDate} {
			if near(fa, fb) != near(fb, fa) {
				t.Errorf("%s: %q and %q", name, fa, fb)
			}
		}
		if partOf(a, b) != partOf(b, a) {
			t.Errorf("part: %q and %q", a, b)
		}
	})
}
