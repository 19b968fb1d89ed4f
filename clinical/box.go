package clinical

// Boxes to tick in running text: "[x] cough [ ] fever", "fever ☐ yes ☒ no".

// tick is what a box says of a finding.
type tick int

const (
	boxless tick = iota
	ticked
	unticked
	unanswered // there are boxes for yes and no, and none is ticked
)

// box reads the box that begins at token i; next is the token behind it, i where there is none.
func box(toks []token, i int, s span) (t tick, next int) {
	switch toks[i].text {
	case "☐", "□", "⬜", "◻", "❑", "❏":
		return unticked, i + 1
	case "☑", "☒", "☓", "✓", "✔", "✅", "■", "⊠", "🗹", "🗷":
		return ticked, i + 1
	case "[", "(":
	default:
		return boxless, i
	}
	end := "]"
	if toks[i].text == "(" {
		end = ")"
	}
	switch {
	case i+1 < s.last && toks[i+1].text == end:
		return unticked, i + 2
	case i+2 < s.last && toks[i+2].text == end:
		switch toks[i+1].lower {
		case "x", "✓", "✔", "*", "✗", "☒":
			return ticked, i + 3
		case "_":
			return unticked, i + 3
		}
	}
	return boxless, i
}

// boxBefore reads the box that ends before token i.
func boxBefore(toks []token, i int, s span) tick {
	for n := 1; n <= 3 && i-n >= s.first; n++ {
		if t, next := box(toks, i-n, s); t != boxless && next == i {
			return t
		}
	}
	return boxless
}

// tickOf gives what the boxes of a sentence say of a mention: those for yes and no behind it, or
// the one that belongs to it, before it where a box begins the list, behind it where a finding does.
func tickOf(toks []token, s span, m *mention, in []*mention) tick {
	if t := choice(toks, s, m); t != boxless {
		return t
	}
	before := boxBefore(toks, m.first, s)
	if m.last >= s.last {
		return before
	}
	behind, _ := box(toks, m.last, s)
	if behind == boxless || before == boxless && toks[m.last].text == "(" {
		return before
	}
	for i := s.first; i < s.last; i++ {
		if t, _ := box(toks, i, s); t != boxless {
			return before
		}
		if within(i, in) {
			return behind
		}
	}
	return behind
}

// choice reads boxes for yes and no behind a mention, each before its word or each behind it.
func choice(toks []token, s span, m *mention) tick {
	i := m.last
	if i < s.last && (toks[i].text == ":" || toks[i].text == "?") {
		i++
	}
	yes, no := boxless, boxless
	for i < s.last {
		b, next := box(toks, i, s)
		word := next
		if b == boxless {
			if b, next = boxAt(toks, i+1, s); b == boxless {
				break
			}
			word = i
		} else {
			next++
		}
		if word >= s.last {
			break
		}
		switch toks[word].lower {
		case "yes", "y", "present", "positive", "pos":
			yes = b
		case "no", "n", "absent", "none", "negative", "neg", "denies":
			no = b
		default:
			i = s.last
			continue
		}
		i = next
	}
	switch {
	case yes == boxless || no == boxless:
		return boxless
	case no == ticked && yes != ticked:
		return unticked
	case yes == ticked && no != ticked:
		return ticked
	}
	return unanswered
}

// boxAt is box where token i may lie beyond the sentence.
func boxAt(toks []token, i int, s span) (tick, int) {
	if i >= s.last {
		return boxless, i
	}
	return box(toks, i, s)
}
