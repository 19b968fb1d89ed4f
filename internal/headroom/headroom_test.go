package headroom

import (
	"runtime"
	"testing"
)

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		live, most uint64
		want       int
	}{{0, 100, 100}, {1 << 20, 100, 100}, {200 << 20, 100, 100}, {400 << 20, 100, 50}, {800 << 20, 100, 25}, {8 << 30, 100, 25},
		{0, 300, 300}, {1 << 20, 300, 300}, {100 << 20, 300, 200}, {400 << 20, 300, 50}} {
		if got := percent(200<<20, c.live, c.most); got != c.want {
			t.Errorf("%d MB in use: %d %%, want %d", c.live>>20, got, c.want)
		}
	}
}

// TestWatch holds more than the room for what is not in use, and lets it go.
func TestWatch(t *testing.T) {
	set := make(chan int, 100)
	watch(16<<20, func(percent int) { set <- percent })
	next := func() int {
		for range 200 {
			runtime.GC()
			select {
			case p := <-set:
				return p
			default:
				runtime.Gosched()
			}
		}
		t.Fatal("nothing was set after 200 collections")
		return 0
	}
	held := make([]byte, 48<<20)
	if p := next(); p >= 100 || p < 25 {
		t.Errorf("with 48 MB in use: %d %%", p)
	}
	runtime.KeepAlive(held)
	held = nil
	if p := next(); p != 100 {
		t.Errorf("with little in use: %d %%", p)
	}
}
