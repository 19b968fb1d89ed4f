package eval

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ticksPerSecond is the unit of processor time in /proc/PID/stat; Linux fixes it at 100
// for user space (proc(5), sysconf(_SC_CLK_TCK)).
const ticksPerSecond = 100

// usage is what a process and everything below it used so far.
type usage struct {
	cpu    time.Duration // user and system, living and waited-for children too
	memory int64         // resident now, bytes
}

// processes reads the parent and the stat fields of every process; a process that ends
// while it is read is left out.
func processes() (parents map[int]int, stats map[int][]string) {
	parents, stats = map[int]int{}, map[int][]string{}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, dir := range dirs {
		data, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue
		}
		// The name in brackets may hold anything; the fields behind it begin with the state.
		text := string(data)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || len(fields) < 22 {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		parents[pid], stats[pid] = parent, fields
	}
	return parents, stats
}

// tree adds up what a process and its descendants used. Children that have ended count in
// their parent once it waited for them.
func tree(root int) (usage, error) {
	parents, stats := processes()
	if _, ok := stats[root]; !ok {
		return usage{}, fmt.Errorf("process %d is not there", root)
	}
	var u usage
	for pid, fields := range stats {
		if !below(pid, root, parents) {
			continue
		}
		ticks := int64(0)
		for _, i := range []int{11, 12, 13, 14} { // utime stime cutime cstime: fields 14 to 17 of proc(5)
			n, _ := strconv.ParseInt(fields[i], 10, 64)
			ticks += n
		}
		pages, _ := strconv.ParseInt(fields[21], 10, 64) // rss
		u.cpu += time.Duration(ticks) * time.Second / ticksPerSecond
		u.memory += pages * int64(os.Getpagesize())
	}
	return u, nil
}

func below(pid, root int, parents map[int]int) bool {
	for range 64 { // deeper than any tree of ours
		if pid == root {
			return true
		}
		next, ok := parents[pid]
		if !ok {
			return false
		}
		pid = next
	}
	return false
}

// peak watches the memory of a process tree until stop is called, which gives the most seen.
func peak(root int, every time.Duration) (stop func() int64) {
	done := make(chan struct{})
	var most int64
	var watcher sync.WaitGroup
	watcher.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			if u, err := tree(root); err == nil {
				most = max(most, u.memory)
			}
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() int64 {
		close(done)
		watcher.Wait()
		return most
	}
}
