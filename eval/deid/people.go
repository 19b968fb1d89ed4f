package deid

import (
	"fmt"
	"strings"
	"time"
)

// Names of the two parts, drawn apart, so that a pair names nobody.
var (
	givenDevelop = strings.Fields(`Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph
Margaret Thomas Dorothy Carlos Rosa Ahmed Fatima Wei Priya Hiroshi Olga Miguel Grace Victor Tamsin Imani Yusuf Dalia Emmett Keiko`)
	familyDevelop = strings.Fields(`Smith Johnson Garcia Miller Nguyen Baker O'Brien Patel Kowalski Washington Rodriguez Kim Haddad Lindqvist
Thornbury Quillfeather Bellweather McAllister Okonjo Yarborough Zielinski Featherstone Santangelo Lockridge Van-Dyke White Young King
Long Fernandez Murphy Schneider Cohen Abernathy`)
	givenApart = strings.Fields(`James Deborah Steven Karen Timothy Helen Raymond Gloria Douglas Marilyn Juan Lakshmi Chidi Svetlana Ibrahim
Mei-Ling Pedro Beatriz Aisling Thaddeus Ngozi Rajesh Hannah Leroy Winifred Dmitri Soo-Jin Amal Guadalupe Faith Hope Mark Rose Jorge`)
	familyApart = strings.Fields(`Williams Brown Davis Hernandez Green Parker Tran Singh Ivanov O'Malley Papadopoulos Adeyemi Bergstrom Castellanos
D'Angelo Eriksen Fitzgerald Gupta Hoffman Iwasaki Jaworski Kaplan Le Mbeki Nakagawa Oyelaran Pereira Rasmussen Schwartz Tuttle Underwood
Villanueva Woods Yamaguchi Zhao Hill Cook Price Bush Grant MacDonald St.Clair`)
)

// invented is a family name that is in no list.
func (w *writer) invented() string {
	s := of(w, "Bra", "Kel", "Tor", "Mon", "Vel", "Dur", "Gri", "Hol", "Pem", "Sor") + of(w, "va", "mi", "sto", "ne", "ri", "lu") +
		of(w, "quist", "wick", "dano", "shaw", "berg", "ski", "mere", "zzo", "vich", "throp")
	return s
}

func (w *writer) given() string {
	if w.apart {
		return of(w, givenApart...)
	}
	return of(w, givenDevelop...)
}

func (w *writer) family() string {
	switch {
	case w.apart && w.IntN(10) == 0:
		return w.invented()
	case w.apart:
		return of(w, familyApart...)
	}
	return of(w, familyDevelop...)
}

func (w *writer) name(form string) string {
	middle := ""
	if w.IntN(3) == 0 {
		middle = " " + string(rune('A'+w.IntN(26))) + "."
	}
	switch form {
	case "first":
		return w.given()
	case "last":
		return w.family()
	case "full":
		return w.given() + middle + " " + w.family()
	case "lastfirst":
		return w.family() + ", " + w.given() + strings.TrimSuffix(middle, ".")
	case "caps":
		return strings.ToUpper(of(w, w.given()+middle+" "+w.family(), w.family()+", "+w.given()))
	}
	return ""
}

// cities of the two parts: some are in lists of places, some are invented.
var (
	citiesDevelop = strings.Split("Maple Crossing|Dayton|Port Ellery|Springfield|East Harrow|Tucson|Silver Mesa|Lake Verity|Cleveland|Old Quarry|Stonebridge|Santa Rosa", "|")
	citiesApart   = strings.Split("Toledo|Brackenridge Falls|Worcester|New Haverly|Scranton|Fort Callum|Duluth|El Mirador|Pine Hollow|Savannah|Amarillo|Whitcombe", "|")
)

var states = strings.Fields("OH WA NH AZ CT MN TX PA CA FL NE NC NY IL")

func (w *writer) location(form string) string {
	cities := citiesDevelop
	if w.apart {
		cities = citiesApart
	}
	zip := fmt.Sprintf("%05d", 1001+w.IntN(98000))
	if w.IntN(4) == 0 {
		zip += fmt.Sprintf("-%04d", w.IntN(10000))
	}
	switch form {
	case "street":
		road := of(w, "Alder", "Birch Hollow", "Main", "Old Ferry", "Washington")
		end := of(w, "Street", "St", "Ave", "Road", "Lane", "Blvd", "Drive")
		if w.apart {
			road, end = of(w, "Elm", "Quarry Hill", "N. Third", "Chestnut", "Martin Luther King", "47th"), of(w, "Avenue", "Rd.", "Court", "Dr", "Pkwy", "Terrace", "Circle", "Way")
		}
		unit := ""
		if w.IntN(4) == 0 {
			unit = of(w, ", Apt 4B", " #12", ", Unit 7", ", Suite 210")
		}
		return fmt.Sprintf("%d %s %s%s", 2+w.IntN(9800), road, end, unit)
	case "city":
		return of(w, cities...)
	case "zip":
		return zip
	case "cityline":
		return of(w, cities...) + ", " + of(w, states...) + " " + zip
	case "pobox":
		return of(w, "P.O. Box ", "PO Box ") + fmt.Sprint(10+w.IntN(9000))
	case "county":
		if w.apart {
			return of(w, "Tuscarawas", "Lackawanna", "Saint Albin", "Marlow") + " County"
		}
		return of(w, "Cuyahoga", "Harrow", "Ellery", "Santa Clara") + " County"
	case "facility":
		if w.apart {
			return of(w, "Brackenridge", "St. Agnes", "Pine Hollow", "Whitcombe Valley") + of(w, " Medical Center", " Community Hospital", " Nursing Home", " Clinic")
		}
		return of(w, "Saint Brendan", "Lakeshore", "Mount Alder", "Maple Crossing") + of(w, " Regional Hospital", " Medical Center", " Health Center", " Family Clinic")
	}
	return ""
}

func (w *writer) date(form string) string {
	d := time.Date(1931+w.IntN(95), time.Month(1+w.IntN(12)), 1+w.IntN(28), w.IntN(24), w.IntN(60), 0, 0, time.UTC)
	layouts := map[string][]string{
		"us": {"01/02/2006", "1/2/2006"}, "us2": {"01/02/06", "1/2/06"}, "iso": {"2006-01-02"}, "long": {"January 2, 2006"},
		"dmy": {"2 January 2006", "02 Jan 2006"}, "monthyear": {"January 2006"}, "monthday": {"January 2"},
		"short": {"1/2"}, "dow": {"Monday, January 2, 2006"}, "isotime": {"2006-01-02 15:04"}, "ustime": {"01/02/2006 15:04"},
	}
	if w.apart {
		for form, more := range map[string][]string{
			"us": {"01-02-2006", "01.02.2006"}, "us2": {"01-02-06"}, "iso": {"2006/01/02"}, "long": {"Jan 2, 2006", "January 2nd, 2006", "JAN 02, 2006", "Jan. 2, 2006"},
			"dmy": {"02-Jan-2006", "2-JAN-06"}, "monthyear": {"Jan 2006", "01/2006"}, "monthday": {"Jan 2", "January 2nd"},
			"dow": {"Mon 01/02/2006"}, "isotime": {"2006-01-02T15:04:05"}, "ustime": {"01/02/06 3:04 PM"},
		} {
			layouts[form] = append(layouts[form], more...)
		}
	}
	layout := of(w, layouts[form]...)
	text := d.Format(strings.ReplaceAll(layout, "2nd", "2th"))
	if strings.Contains(layout, "2nd") {
		text = strings.NewReplacer("11th", "11th", "12th", "12th", "13th", "13th", "1th", "1st", "2th", "2nd", "3th", "3rd").Replace(text)
	}
	if strings.Contains(layout, "JAN") {
		text = strings.ToUpper(d.Format(strings.ReplaceAll(layout, "JAN", "Jan")))
	}
	return text
}

func (w *writer) age(form string) string {
	n := 90 + w.IntN(16)
	switch form {
	case "yo":
		return fmt.Sprint(n) + of(w, " year old", "-year-old", " y/o", " yo", "yo")
	case "hyphen":
		return fmt.Sprintf("%d-year-old", n)
	case "cap":
		return fmt.Sprintf("%d-Year-Old", n)
	case "bare":
		return fmt.Sprint(n)
	}
	return ""
}
