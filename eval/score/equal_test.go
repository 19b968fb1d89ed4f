package score

import "testing"

func TestEqual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"Doe, Jane", "DOE JANE", true},
		{"Doe, Jane", "Jane Doe", false},
		{"111-22-3333", "111223333", true},
		{"XZ 9147589652", "xz9147589652", true},
		{"01902", "1902", false},
		{"1.63", "163", false},
		{"-5", "5", false},
		{"4.20", "4.2", false},
		{"<5.7", "5.7", false},
		{"1+", "1", false},
		{"$2,071.00", "2071.00", true},
		{"$2,071.00", "2071", true},
		{"$2,071.00", "2071.01", false},
		{"(12.00)", "-12.00", true},
		{"(858)-555-0101", "+18585550101", true},
		{"(858)-555-0101", "+18585550102", false},
		{"04/14/1995", "1995-04-14", true},
		{"April 1, 2022", "2022-04-01", true},
		{"02-Jan-2006 15:04", "2006-01-02T15:04", true},
		{"Jan 2, 2006 3:04 PM", "2006-01-02T15:04:00Z", true},
		{"11/19/2025 07:52", "2025-11-19", false},
		{"11/19/25 0752", "2025-11-19T07:52", true},
		{"1/6/58", "1958-01-06", true},
		{"1/6/1958", "1958-06-01", false},
		{"3.6-5.1", "3.6 - 5.1", true},
		{"13/45/2020", "2020-13-45", false},
	} {
		if equal(c.want, c.got) != c.same {
			t.Errorf("equal(%q, %q) is %v", c.want, c.got, !c.same)
		}
	}
}

func TestAlike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b   string
		lo, hi float64
	}{
		{"Are you sick today?", "are you sick today", 1, 1},
		{"Are you sick today?", "Are you slck to day", 0.9, 0.99},
		{"Are you sick today?", "Do you have a cough?", 0, 0.5},
		{"", "", 1, 1},
		{"", "abc", 0, 0},
	} {
		if got := alike(c.a, c.b); got < c.lo || got > c.hi {
			t.Errorf("alike(%q, %q) is %.2f, not within %.2f to %.2f", c.a, c.b, got, c.lo, c.hi)
		}
	}
}
