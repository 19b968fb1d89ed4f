package tagger

import "math"

// writingScale is the step of a stored logarithm.
const writingScale = 16

// seldom is how often a word must stand in the samples to tell a register.
const seldom = 3

// wordKey is the key of a word among those that tell a register.
func wordKey(lower string) uint32 { return kind(fRegister).and(text(lower)).sum() }

// writing counts the words of each register: a multinomial model with one added to each count
// (Manning, Raghavan and Schütze 2008, §13.2), less the mean over the registers.
func writing(samples []Sample) map[uint32][registers]int8 {
	counts := map[uint32]*[registers]float64{}
	var total [registers]float64
	for _, s := range samples {
		for _, w := range s.Words {
			k := wordKey(w.Lower)
			if counts[k] == nil {
				counts[k] = &[registers]float64{}
			}
			counts[k][s.Register]++
			total[s.Register]++
		}
	}
	out := map[uint32][registers]int8{}
	for k, c := range counts {
		sum := 0.0
		for _, n := range c {
			sum += n
		}
		if sum < seldom {
			continue
		}
		var logs [registers]float64
		mean := 0.0
		for r := range logs {
			logs[r] = math.Log((c[r] + 1) / (total[r] + float64(len(counts))))
			mean += logs[r] / float64(registers)
		}
		var v [registers]int8
		for r := range v {
			v[r] = int8(math.Round(max(-127, min(127, (logs[r]-mean)*writingScale))))
		}
		out[k] = v
	}
	return out
}

// Register tells the kind of writing of a text by its words; Notes where nothing tells.
func (m *Model) Register(sentences [][]Word) Register {
	var h Hearing
	for _, s := range sentences {
		for _, w := range s {
			m.Hear(&h, w.Lower, 1)
		}
	}
	return h.Register()
}

// Hearing is what the words of a text say of its register.
type Hearing [registers]int

// Hear adds a word in lower case that stands n times in the text.
func (m *Model) Hear(h *Hearing, lower string, n int) {
	for r, v := range m.writing[wordKey(lower)] {
		h[r] += n * int(v)
	}
}

// Register is the register that the words tell.
func (h *Hearing) Register() Register {
	best := Notes
	for r := range registers {
		if h[r] > h[best] {
			best = r
		}
	}
	return best
}
