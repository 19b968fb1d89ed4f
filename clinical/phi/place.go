package phi

import (
	"regexp"
	"strings"

	"chartlake/clinical/phi/wordlist"
)

var (
	streetEnds = set(`street st avenue ave av road rd lane ln drive dr boulevard blvd court ct circle cir place pl way terrace ter terr
parkway pkwy highway hwy trail trl square sq loop row pike turnpike tpke path alley plaza crossing cove crescent expressway freeway
point pt ridge run heights hts hollow walk bend creek glen`)
	unitRE = regexp.MustCompile(`^(?:,?\s{0,2}(?i:n|s|e|w|ne|nw|se|sw|north|south|east|west)\b\.?)?(?:,?\s{1,2}(?:(?i:apt|apartment|unit|suite|ste|room|rm|floor|fl|bldg|building|lot)\b\.?\s?#?\s?[0-9A-Za-z-]{1,6}|#\s?[0-9A-Za-z-]{1,6}))?`)
	boxRE  = regexp.MustCompile(`^(?i:p\.?\s?o\.?\s?box|post office box|p\.?\s?o\.?\s?b\.?)\s?#?\s?\d{1,6}`)

	// states are the postal abbreviations (USPS Publication 28, appendix B).
	states = set(`al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or
pa ri sc sd tn tx ut vt va wa wv wi wy pr gu vi as mp`)
	stateNames = set(`alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois
indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada
ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming`)

	facilities = set(`hospital hospitals clinic clinics center centre infirmary hospice institute university college school church
pharmacy laboratories laboratory sanatorium home homes rehabilitation rehab associates physicians medicine healthcare manor lodge
prison jail shelter parish synagogue temple mosque academy`)
	generic = set(`medical community regional general nursing family health primary care urgent surgical outpatient specialty county
memorial city emergency department pain wound sleep heart cancer eye women's children's pediatric internal physical therapy group
the a our this of and for at in to from skilled mental behavioral day surgery diagnostic imaging clinical reference retirement
assisted living ambulatory infusion dialysis oncology cardiology orthopedic orthopaedic intensive unit home-care after his her`)

	dwelling = set(`lives live lived living resides resided residing resident born moved native originally raised grew near located
traveled travelled relocated town village city homeless house hails visiting visited vacation trip flew`)
	prepositions = set(`in from of near to at outside around`)
)

// places finds addresses, counties and the names of institutions, then towns.
func (s *search) places() {
	for i := 0; i < len(s.words); i++ {
		w := s.words[i]
		switch {
		case (w.fold == "p" || w.fold == "po" || w.fold == "post" || w.fold == "pob") && w.has(capital):
			if loc := boxRE.FindStringIndex(s.text[w.begin:min(w.begin+40, len(s.text))]); loc != nil {
				s.claim(w.begin, w.begin+loc[1], Location, "post box", 0.95)
			}
		case w.has(hasDigit) && !s.taken[i] && len(w.fold) <= 6:
			s.street(i)
		case !w.has(capital) || s.taken[i]:
		case w.fold == "county" || w.fold == "township" || w.fold == "borough":
			if first := s.capitalsBefore(i, 3); first < i {
				s.take(first, i+1, Location, "county", 0.9)
			}
		case facilities[w.fold]:
			s.facility(i)
		}
	}
	for i, w := range s.words {
		if w.has(capital) && !s.taken[i] {
			s.town(i)
		}
	}
}

// street takes a house number, a road and a unit.
func (s *search) street(i int) {
	last := 0
	for j := i + 1; j < len(s.words) && j <= i+6; j++ {
		w := s.words[j]
		gap := s.between(j)
		if w.line != s.words[i].line || strings.ContainsAny(gap, ",;:()/%") || len(gap) > 2 {
			break
		}
		if j > i+1 && streetEnds[w.fold] && (w.has(capital) || len(w.fold) > 3) {
			last = j
			continue
		}
		if !w.has(capital) && !ordinal(w.fold) {
			break
		}
	}
	if last > 0 {
		s.road(i, last)
	}
}

// road takes a street from its number to word last, with the unit behind it.
func (s *search) road(i, last int) {
	end := s.words[last].end
	if end < len(s.text) && s.text[end] == '.' {
		end++
	}
	if loc := unitRE.FindStringIndex(s.text[end:min(end+40, len(s.text))]); loc != nil && loc[1] > 0 {
		end += loc[1]
	} else if end > s.words[last].end {
		end--
	}
	s.claim(s.words[i].begin, end, Location, "street", 0.95)
}

func ordinal(s string) bool {
	return len(s) > 2 && s[0] >= '0' && s[0] <= '9' && (strings.HasSuffix(s, "th") || strings.HasSuffix(s, "st") || strings.HasSuffix(s, "nd") || strings.HasSuffix(s, "rd"))
}

// capitalsBefore gives the first of the words with capitals that stand right before word i.
func (s *search) capitalsBefore(i, most int) int {
	first := i
	for first > 0 && i-first < most && s.words[first-1].name() && s.words[first-1].line == s.words[i].line && !s.taken[first-1] {
		if gap := s.between(first); gap != " " && gap != ". " && gap != "-" {
			break
		}
		first--
	}
	return first
}

// facility takes the name of an institution that ends with word i.
func (s *search) facility(i int) {
	first := i
	for first > 0 && i-first < 6 && s.words[first-1].line == s.words[i].line {
		w, gap := s.words[first-1], s.between(first)
		of := w.fold == "of" || w.fold == "and" || w.fold == "the" || w.fold == "for"
		gap = strings.TrimPrefix(strings.TrimPrefix(gap, "'s"), "’s")
		if gap != " " && gap != ". " && gap != " & " || !w.name() && !of {
			break
		}
		first--
	}
	for first < i && !s.words[first].name() {
		first++
	}
	for j := first; j < i; j++ {
		if w := s.words[j]; w.name() && !generic[w.fold] && !facilities[w.fold] {
			s.take(first, i+1, Location, "institution", 0.8)
			return
		}
	}
}

// town takes a town: before its state, behind its label, or where somebody lives.
func (s *search) town(i int) {
	if i > 0 && s.words[i-1].name() && s.words[i-1].line == s.words[i].line && s.between(i) == " " && !s.taken[i-1] && !titleLike(s.words[i-1]) {
		return // begins earlier
	}
	end := i + 1
	if !s.words[i].name() || stopNames[s.words[i].fold] || titles[s.words[i].fold] {
		return
	}
	for end < len(s.words) && end-i < 4 && s.words[end].name() && !stopNames[s.words[end].fold] && !titles[s.words[end].fold] && !months[s.words[end].fold] && !s.taken[end] && s.words[end].line == s.words[i].line && (s.between(end) == " " || s.between(end) == ". " && len(s.words[end-1].fold) <= 4 || s.between(end) == "-") {
		end++
	}
	if s.beforeState(i, end) {
		return
	}
	if s.words[i].initial() || s.words[i].has(allCapitals) && s.words[i].is&wordlist.Place == 0 {
		return
	}
	if i == 0 || s.words[i-1].line != s.words[i].line {
		return
	}
	before, gap := s.words[i-1], s.between(i)
	if (before.fold == "city" || before.fold == "town" || before.fold == "birthplace" || before.fold == "hometown") && strings.Contains(gap, ":") {
		s.take(i, end, Location, "label", 0.9)
		return
	}
	known := false
	for j := end; j > i && !known; j-- {
		if s.list.Of(wordlist.Fold(s.text[s.words[i].begin:s.words[j-1].end]))&wordlist.Place != 0 {
			known = true
		}
	}
	if gap != " " || !prepositions[before.fold] && !known || months[s.words[i].fold] || weekdays[s.words[i].fold] {
		return
	}
	lives := false
	for j := max(0, i-14); j < i; j++ {
		lives = lives || dwelling[s.words[j].fold]
	}
	common := s.words[i].is&(wordlist.English|wordlist.Medical) != 0 && end == i+1
	switch {
	case lives && prepositions[before.fold] && !(common && !known):
		s.take(i, end, Location, "lives in", 0.85)
	case known && prepositions[before.fold] && !common:
		s.take(i, end, Location, "place", 0.75)
	case known && end > i+1:
		s.take(i, end, Location, "place", 0.7)
	case prepositions[before.fold] && before.fold != "of" && before.fold != "at" && s.unknown(i, end):
		s.take(i, end, Location, "may be a place", 0.55)
	}
}

func titleLike(w word) bool { return prepositions[w.fold] || stopNames[w.fold] }

// unknown reports a run that is no name of a disease: no word of it is of medicine, and it has
// two words or one that is in no list.
func (s *search) unknown(i, end int) bool {
	medical := 0
	for j := i; j < end; j++ {
		w := s.words[j]
		if w.has(allCapitals) || stopNames[w.fold] {
			return false
		}
		if w.is&wordlist.Medical != 0 {
			medical++
		}
	}
	if end < len(s.words) && eponym[s.words[end].fold] || eponym[s.words[end-1].fold] {
		return false
	}
	return end-i > 1 && (medical < end-i || s.words[i].is&s.words[end-1].is&wordlist.English != 0) || end-i == 1 && s.words[i].is == 0 && len(s.words[i].fold) > 3
}

// beforeState takes "Town, ST 00000" and "Town, State".
func (s *search) beforeState(i, end int) bool {
	town := end
	if town < len(s.words) && strings.TrimSpace(s.between(town)) == "," && s.words[town].line-s.words[i].line <= 1 {
		// the state is the next word
	} else if town-i > 1 && zipAt(s, town) && states[s.words[town-1].fold] && s.words[town-1].has(allCapitals) {
		town-- // no comma
	} else {
		return false
	}
	st := s.words[town]
	abbreviated := states[st.fold] && st.has(allCapitals) && len(st.fold) == 2
	if !abbreviated && !(stateNames[st.fold] && st.has(capital)) {
		return false
	}
	zip := town + 1
	hasZIP := zipAt(s, zip)
	if abbreviated && (credential[st.fold] || st.fold == "id") && !hasZIP {
		return false // a physician's degree, the label of a number
	}
	last := town
	if hasZIP {
		last = zip
		if zip+1 < len(s.words) && s.between(zip+1) == "-" && digits(s.words[zip+1].fold) == 4 {
			last = zip + 1
		}
	}
	s.take(i, last+1, Location, "town", 0.9)
	return true
}

// zipAt reports five figures at word i.
func zipAt(s *search, i int) bool {
	return i < len(s.words) && len(s.words[i].fold) == 5 && digits(s.words[i].fold) == 5 && len(s.between(i)) <= 2
}
