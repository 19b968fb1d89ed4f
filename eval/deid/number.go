package deid

import (
	"fmt"
	"strings"

	"chartlake/clinical/phi"
)

// digits is a number of n digits whose first is not 0.
func (w *writer) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + w.IntN(10))
	}
	b[0] = byte('1' + w.IntN(9))
	return string(b)
}

func (w *writer) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "ABCDEFGHJKLMNPRSTUVWXYZ"[w.IntN(23)]
	}
	return string(b)
}

// number invents an identifier of digits and letters. Telephone numbers are of the range that
// is kept for fiction, addresses of networks and sites of the ranges kept for documentation.
func (w *writer) number(kind, form string) string {
	switch phi.Kind(kind) {
	case phi.Phone, phi.Fax:
		return w.phone(form)
	case phi.Email:
		at := of(w, "example.com", "example.org", "mail.example.net")
		return strings.ToLower(of(w, w.given()+"."+strings.NewReplacer("'", "", ".", "").Replace(w.family()), w.given()+w.digits(3), strings.NewReplacer("'", "", ".", "").Replace(w.family())+"_"+w.letters(2))) + "@" + at
	case phi.SSN:
		a, b, c := fmt.Sprintf("%03d", 1+w.IntN(665)), fmt.Sprintf("%02d", 1+w.IntN(99)), fmt.Sprintf("%04d", 1+w.IntN(9999))
		return strings.Join([]string{a, b, c}, map[string]string{"dash": "-", "blank": " ", "bare": ""}[form])
	case phi.URL:
		site := of(w, "portal.example.com", "records.example.org", "mychart.example.net")
		switch form {
		case "https":
			return of(w, "https://", "http://") + site + of(w, "/", "/p/"+w.digits(6), "/view?id="+w.digits(5), "")
		case "www":
			return "www." + of(w, "example.com", "example.org") + of(w, "", "/visit/"+w.digits(4))
		case "bare":
			return site + "/" + strings.ToLower(w.letters(5))
		}
	case phi.IP:
		if form == "v6" {
			return fmt.Sprintf("2001:db8:%x:%x::%x", w.IntN(65536), w.IntN(65536), 1+w.IntN(65535))
		}
		return fmt.Sprintf("%s.%d", of(w, "192.0.2", "198.51.100", "203.0.113"), w.IntN(256))
	case phi.Photograph:
		return of(w, "IMG_", "DSC", "photo-", "face_") + w.digits(4) + of(w, ".jpg", ".JPG", ".png", ".jpeg")
	case phi.Vehicle:
		if form == "vin" {
			return of(w, "1", "2", "J", "W") + w.letters(3) + w.digits(2) + w.letters(3) + w.digits(8)
		}
		return of(w, w.letters(3)+" "+w.digits(4), w.letters(3)+"-"+w.digits(4), w.digits(1)+w.letters(3)+w.digits(3))
	}
	return w.coded(form)
}

func (w *writer) phone(form string) string {
	a, b, c := fmt.Sprintf("%d%02d", 2+w.IntN(7), w.IntN(90)+10), "555", fmt.Sprintf("%04d", 100+w.IntN(100))
	switch form {
	case "paren":
		return "(" + a + ") " + b + "-" + c
	case "dash":
		return a + "-" + b + "-" + c
	case "dot":
		return a + "." + b + "." + c
	case "intl":
		return of(w, "+1 ", "1-") + a + "-" + b + "-" + c
	}
	return ""
}

// coded invents numbers whose form is that of their issuer, or free.
func (w *writer) coded(form string) string {
	switch form {
	case "digits":
		return w.digits(6 + w.IntN(5))
	case "dash":
		return of(w, w.digits(2)+"-"+w.digits(6), w.digits(3)+"-"+w.digits(2)+"-"+w.digits(3), w.letters(2)+"-"+w.digits(5))
	case "letter":
		return of(w, w.letters(1), w.letters(2), w.letters(3)) + w.digits(6+w.IntN(4))
	case "mbi":
		return w.digits(1) + w.letters(1) + w.letters(1) + w.digits(1) + "-" + w.letters(2) + w.digits(1) + "-" + w.letters(2) + w.digits(2)
	case "card":
		return of(w, w.digits(4)+" "+w.digits(4)+" "+w.digits(4)+" "+w.digits(4), w.digits(16))
	case "dea":
		return of(w, "A", "B", "F", "M") + w.letters(1) + w.digits(7)
	case "serial":
		return of(w, w.letters(3)+w.digits(6)+w.letters(1), w.letters(2)+"-"+w.digits(6), w.digits(8))
	case "lot":
		return w.letters(1) + w.digits(5) + of(w, "", "-"+w.digits(2))
	case "udi":
		return "(01)" + w.digits(14) + "(21)" + w.digits(7)
	case "id":
		return of(w, "FP-", "BIO-", "VP") + w.digits(5)
	case "npi":
		return "1" + w.digits(9)
	case "ein":
		return w.digits(2) + "-" + w.digits(7)
	}
	return ""
}
