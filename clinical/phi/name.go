package phi

import (
	"strings"

	"chartlake/clinical/phi/wordlist"
)

var (
	titles     = set(`drs mr mrs ms miss mx dr doctor prof professor rev reverend fr sgt capt lt col officer judge hon rabbi sister`)
	credential = set(`md m.d do np pa pa-c rn lpn lvn phd pharmd dds dmd dpm od crna cnm arnp aprn fnp bsn msn mph mba esq jr sr ii iii iv
facs facp facc faap rrt pt ot dpt slp lcsw msw rph cma ma dnp psyd`)
	particles = set(`de la del der den van von di da dos bin ibn al el st mc mac le du ter y`)

	// nameLabels announce a name with a colon behind them.
	nameLabels = set(`patient name names pt re to from cc attn attention physician provider attending surgeon assistant anesthesiologist
anesthetist witness guarantor spouse wife husband son daughter mother father sister brother niece nephew caregiver interpreter kin
contact subscriber insured party nurse signed signature by author radiologist pathologist technologist technician therapist
cardiologist consultant resident intern fellow dictator pcp employee policyholder member partner guardian parent agent proxy dear manager employer company
beneficiary client resident counselor worker emergency sincerely regards responsible consult consulting requesting ordering referring
dictated transcribed reviewed approved verified prepared performed administered hospitalist dentist pharmacist claimant plaintiff alias aka`)
	// beside are words that a name may follow at once: "her son James".
	beside = set(`son daughter wife husband spouse mother father sister brother niece nephew aunt uncle cousin friend neighbor grandson
granddaughter grandmother grandfather partner caregiver interpreter nurse surgeon physician provider attending by dear patient
fiance fiancee roommate stepson stepdaughter guardian twin boyfriend girlfriend named name midwife dentist therapist pharmacist
radiologist pathologist cardiologist hospitalist resident witness cc signed attn re regards sincerely referring`)
	// stopNames are words with capitals that end a name or are none.
	stopNames = set(`the a an and or of in on at to for with was is has had will who he she they his her this that no not if as but
dob mrn ssn sex age date phone fax address email room unit account admit discharge visit chart note history patient name male female
provider physician attending diagnosis assessment plan report exam results lab type status location service department medical
record number id page time signed dictated reviewed reason chief past family social review allergies medications follow return tel
birthdate birth d.o.b insurance policy group member plan city state zip home cell work mr mrs ms dr continue take please today
denies reports presents noted seen per re cc from by unknown none self yes pt hospital clinic center medicine health iv po`)
	// eponym are words after the name of a physician that names a thing.
	eponym = set(`disease syndrome catheter sign signs test tests scale score scores criteria maneuver negative positive lymphoma
procedure classification position fracture's palsy tumor sarcoma thyroiditis tube drain esophagus chorea ring stain reflex point
operation technique line lines class coma anemia aneurysm dystrophy phenomenon ulcer node nodes cyst nevus contracture hernia
agar method index stage grade joint virus fever lake equation formula clamp retractor needle speculum graft shunt stent suture`)
)

// names finds names of persons.
func (s *search) names() {
	for i := 0; i < len(s.words); i++ {
		if s.taken[i] {
			continue
		}
		w := s.words[i]
		switch {
		case titles[w.fold] && w.has(capital):
			s.after(i+1, "title", 0.95, true)
		case (w.fold == "name" && s.colon(i+1) || titles[w.fold] && strings.HasPrefix(s.between(i+1), ".")) && i+1 < len(s.words) && s.words[i+1].has(lowerCase):
			s.small(i + 1)
		case nameLabels[w.fold] && s.colon(i+1):
			s.after(i+1, "label", 0.9, true)
		case beside[w.fold]:
			s.after(i+1, "beside", 0.8, false)
		case w.fold == "is" && i > 0 && (beside[s.words[i-1].fold] || nameLabels[s.words[i-1].fold]):
			s.after(i+1, "beside", 0.8, false)
		case credential[w.fold] && w.has(capital) && i > 0:
			s.before(i)
		}
	}
	for i := 0; i < len(s.words); i++ {
		if !s.taken[i] && s.words[i].name() {
			s.pair(i)
		}
	}
	s.again()
}

// colon reports that a label's colon, or the two blanks of a form, stand before word i.
func (s *search) colon(i int) bool {
	gap := s.between(i)
	return i < len(s.words) && (strings.ContainsAny(gap, ":") || strings.Contains(gap, "  ") || strings.Contains(gap, "\t")) && strings.Count(gap, "\n") <= 1
}

// after takes the name that begins at word i. sure: what stood before leaves no doubt that it is
// one, so any word with a capital is taken.
func (s *search) after(i int, rule string, score float64, sure bool) {
	if i >= len(s.words) || strings.Count(s.between(i), "\n") > 1 {
		return
	}
	for i < len(s.words) && titles[s.words[i].fold] && len(s.between(i+1)) <= 2 { // "Dear Dr."
		i++
	}
	if i >= len(s.words) || s.taken[i] || !s.may(i, sure) || !sure && s.between(i) != " " && s.between(i) != ", " {
		return
	}
	end := s.run(i, sure)
	if strings.TrimSpace(s.between(end)) == "," && end < len(s.words) && s.words[end].line == s.words[i].line && s.given(end) {
		end = s.run(end, sure) // family, given
	}
	s.take(i, end, Name, rule, score)
	if rule == "title" && end+1 < len(s.words) && s.words[end].fold == "and" && s.words[end+1].name() && s.words[end+1].line == s.words[i].line && s.may(end+1, false) {
		s.take(end+1, s.run(end+1, false), Name, rule, score) // "Drs. Patel and Wu"
	}
}

// small takes a name that is written small behind what leaves no doubt: "name: jane doe".
func (s *search) small(i int) {
	end := i
	for end < len(s.words) && end-i < 3 && s.words[end].has(lowerCase) && s.words[end].is&(wordlist.Given|wordlist.Family) != 0 && !stopNames[s.words[end].fold] && (end == i || s.between(end) == " ") {
		end++
	}
	s.take(i, end, Name, "small", 0.7)
}

// given reports that word i may be a given name or an initial, behind a comma.
func (s *search) given(i int) bool {
	w := s.words[i]
	return w.name() && !credential[w.fold] && !stopNames[w.fold] && !s.taken[i] && (w.initial() || w.is&wordlist.Given != 0 || w.is&^wordlist.Family == 0)
}

// may reports that word i may be of a name.
func (s *search) may(i int, sure bool) bool {
	w := s.words[i]
	if !w.name() || stopNames[w.fold] || credential[w.fold] && w.has(allCapitals) || months[w.fold] && !sure || s.taken[i] {
		return false
	}
	if w.is&(wordlist.Given|wordlist.Family) != 0 {
		return sure || w.is&wordlist.Medical == 0 || w.is&wordlist.Given != 0
	}
	return w.is == 0 && (sure || !w.has(allCapitals)) || w.is == wordlist.Place || sure && w.is&wordlist.Medical == 0
}

// run gives the word after a name that begins at word i.
func (s *search) run(i int, sure bool) int {
	end := i + 1
	for end < len(s.words) && end-i < 5 {
		w, gap := s.words[end], s.between(end)
		switch {
		case w.line != s.words[i].line:
			return end
		case (gap == "-" || gap == ".") && w.name():
		case gap != " " && !(gap == ". " && len(s.words[end-1].fold) <= 2):
			return end
		case particles[w.fold] && end+1 < len(s.words) && s.words[end+1].name() && s.between(end+1) == " ":
		case w.initial() && w.fold != "i":
		case (s.words[i].is&wordlist.Given != 0 || s.words[i].is == 0) && w.name() && w.is&wordlist.Family != 0 && !stopNames[w.fold] && !s.taken[end]:
			// a common word or the name of a disease, but behind a given name
		case s.words[i].is&wordlist.Given != 0 && w.name() && w.is == 0 && len(w.fold) > 3 && !credential[w.fold]:
		case !s.may(end, sure):
			return end
		}
		end++
	}
	return end
}

// before takes the name in front of a degree.
func (s *search) before(i int) {
	if gap := strings.TrimSpace(s.between(i)); gap != "," && gap != "" || s.words[i-1].line != s.words[i].line {
		return
	}
	first := i
	for first > 0 && i-first < 4 && s.words[first-1].line == s.words[i].line {
		w, gap := s.words[first-1], s.between(first)
		if first < i && gap != " " && gap != ". " && gap != "-" && gap != "." {
			break
		}
		if !w.name() || stopNames[w.fold] || s.taken[first-1] || credential[w.fold] && w.has(allCapitals) && !w.initial() {
			break
		}
		first--
	}
	named := false
	for j := first; j < i; j++ {
		named = named || s.words[j].is&(wordlist.Given|wordlist.Family) != 0 || s.words[j].is == 0
	}
	if named && s.between(i) != " " || named && i-first > 1 {
		s.take(first, i, Name, "degree", 0.9)
	}
}

// pair takes "Given Family", "Family, Given", and a given name alone.
func (s *search) pair(i int) {
	w := s.words[i]
	if stopNames[w.fold] || months[w.fold] && len(w.fold) > 4 || weekdays[w.fold] || credential[w.fold] && w.has(allCapitals) || i > 0 && glued(s.text, s.words[i-1].end, w.begin) && (s.words[i-1].has(hasDigit) || w.initial()) {
		return
	}
	person := w.is&(wordlist.Given|wordlist.Family) != 0
	if i+2 <= len(s.words)-1 && s.between(i+1) == "-" && s.between(i+2) != "-" && w.is&wordlist.English != 0 {
		return // "Gamma-Glutamyl"
	}
	unlisted := w.is == 0 || w.is == wordlist.Place || w.is == wordlist.Family
	if w.is&wordlist.Given != 0 || unlisted && !w.has(allCapitals) {
		end := s.run(i, false)
		last := s.words[end-1]
		if end-i > 1 && (w.is&wordlist.Given != 0 || last.is&wordlist.Family != 0 || last.is == 0 && !last.has(allCapitals)) && !last.initial() && !(end < len(s.words) && eponym[s.words[end].fold]) &&
			!(w.is&wordlist.English != 0 && last.is&wordlist.English != 0 && last.is&wordlist.Family == 0) {
			s.take(i, end, Name, "given and family", 0.85)
			return
		}
	}
	if next := i + 1; next < len(s.words) && s.between(next) == ", " && s.words[next].line == w.line && (person || unlisted) && s.words[next].is&wordlist.Given != 0 && s.given(next) &&
		(s.words[next].is&wordlist.English == 0 || w.is&(wordlist.English|wordlist.Medical) == 0 || s.wholeLine(i, s.run(next, false))) {
		s.take(i, s.run(next, false), Name, "family, given", 0.85)
		return
	}
	if next := i + 1; next < len(s.words) && person && w.has(allCapitals) && s.words[next].has(allCapitals) && s.words[next].is&wordlist.Given != 0 &&
		s.between(next) == " " && !stopNames[s.words[next].fold] && (i == 0 || s.words[i-1].line != w.line) {
		s.take(i, s.run(next, false), Name, "FAMILY GIVEN", 0.7)
		return
	}
	if next := i + 1; next < len(s.words) && s.between(next) == ", " && s.words[next].initial() && strings.HasPrefix(s.between(next+1), ".") && w.is == wordlist.Family {
		s.take(i, next+1, Name, "family, initial", 0.75)
		return
	}
	if w.is&wordlist.Given != 0 && w.is&(wordlist.Medical|wordlist.Place) == 0 && !w.has(allCapitals) && len(w.fold) > 2 && s.inSentence(i) &&
		!(i+1 < len(s.words) && s.words[i+1].line == w.line && (eponym[s.words[i+1].fold] || s.words[i+1].name())) {
		s.take(i, i+1, Name, "a name alone", 0.6)
		return
	}
	if !person || w.is&(wordlist.English|wordlist.Medical|wordlist.Place) != 0 || w.has(allCapitals) || len(w.fold) < 3 {
		return
	}
	if i+1 < len(s.words) && eponym[s.words[i+1].fold] && s.words[i+1].line == w.line {
		return
	}
	if w.is&wordlist.Given != 0 || s.inSentence(i) {
		s.take(i, s.run(i, false), Name, "a name alone", 0.6)
	}
}

// wholeLine reports that words first..last-1 are all of a line.
func (s *search) wholeLine(first, last int) bool {
	return (first == 0 || s.words[first-1].line != s.words[first].line) && (last == len(s.words) || s.words[last].line != s.words[last-1].line)
}

// inSentence reports that a word stands inside of a sentence, where common words have no capital.
func (s *search) inSentence(i int) bool {
	return i > 0 && s.words[i-1].line == s.words[i].line && s.between(i) == " " && s.words[i-1].has(lowerCase)
}

// again finds the parts of names that were found, alone.
func (s *search) again() {
	parts := map[string]bool{}
	for _, f := range s.found {
		if f.kind != Name || f.score < 0.8 {
			continue
		}
		for i := s.wordAt(f.begin); i < len(s.words) && s.words[i].begin < f.end; i++ {
			if len(s.words[i].fold) > 2 {
				parts[s.words[i].fold] = true
			}
		}
	}
	if len(parts) == 0 {
		return
	}
	for i, w := range s.words {
		if s.taken[i] || !w.name() || !parts[w.fold] || i+1 < len(s.words) && eponym[s.words[i+1].fold] {
			continue
		}
		if w.is&(wordlist.English|wordlist.Medical) == 0 || s.inSentence(i) {
			s.take(i, i+1, Name, "named before", 0.8)
		}
	}
}
