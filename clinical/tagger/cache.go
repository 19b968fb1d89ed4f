package tagger

// known is what a word says by itself and to its neighbours, in one register: most features
// of a word depend on nothing else, and a text repeats its words.
type known struct {
	form form
	own  sums
	near [4]sums // to the words two and one before it, one and two after it
}

// knownMax is how many words are kept: a long text has some ten thousand different ones.
const knownMax = 20_000

// word gives what a word says, from memory or computed.
func (t *Tagger) word(w *Word) *known {
	if k := t.known[w.Text]; k != nil {
		return k
	}
	if len(t.known) >= knownMax {
		clear(t.known)
	}
	k := &known{form: newForm(w)}
	t.features.ids = t.features.ids[:0]
	t.features.own(w, &k.form)
	t.model.add(t.features.ids, &k.own)
	k.nearby(t)
	t.known[w.Text] = k
	return k
}

func (k *known) nearby(t *Tagger) {
	for n, d := range [4]int{2, 1, -1, -2} { // it stands d words after the one that hears of it
		t.features.ids = t.features.ids[:0]
		t.features.near(&k.form, d)
		t.model.add(t.features.ids, &k.near[n])
	}
}

// register makes the tagger one for a register; what is known of words depends on it.
func (t *Tagger) register(r Register) {
	if t.known != nil && t.features.register == uint64(r) {
		return
	}
	t.features.register = uint64(r)
	t.known, t.contexts = map[string]*known{}, map[uint64]*sums{}
	t.beyond = known{form: nothing}
	t.beyond.nearby(t)
}

// contextsMax is how many contexts are kept.
const contextsMax = 40_000

// context gives what the looks or the terms around a word say, from memory or computed: a text
// repeats them far more often than its words.
func (t *Tagger) context(key uint64, s *sentence, i int, say func(*features, *sentence, int)) *sums {
	if c := t.contexts[key]; c != nil {
		return c
	}
	if len(t.contexts) >= contextsMax {
		clear(t.contexts)
	}
	c := &sums{}
	t.features.ids = t.features.ids[:0]
	say(&t.features, s, i)
	t.model.add(t.features.ids, c)
	t.contexts[key] = c
	return c
}
