package phi

// Kind is one of the kinds of identifier of 45 CFR 164.514(b)(2)(i), which takes them from (A) to (R).
// Ages over 89 are told apart from the dates of (C).
type Kind string

// The kinds.
const (
	Name        Kind = "name"        // (A)
	Location    Kind = "location"    // (B) smaller than a state
	Date        Kind = "date"        // (C) with a day or a month
	Age         Kind = "age"         // (C) over 89
	Phone       Kind = "phone"       // (D)
	Fax         Kind = "fax"         // (E)
	Email       Kind = "email"       // (F)
	SSN         Kind = "ssn"         // (G)
	MRN         Kind = "mrn"         // (H)
	Beneficiary Kind = "beneficiary" // (I) of a health plan
	Account     Kind = "account"     // (J)
	Licence     Kind = "licence"     // (K) and certificates
	Vehicle     Kind = "vehicle"     // (L) and licence plates
	Device      Kind = "device"      // (M) and serial numbers
	URL         Kind = "url"         // (N)
	IP          Kind = "ip"          // (O)
	Biometric   Kind = "biometric"   // (P)
	Photograph  Kind = "photograph"  // (Q) and what names one
	Other       Kind = "other_id"    // (R) any other unique number
)

// Kinds are all kinds, in the order of the regulation.
func Kinds() []Kind {
	return []Kind{Name, Location, Date, Age, Phone, Fax, Email, SSN, MRN, Beneficiary, Account, Licence, Vehicle,
		Device, URL, IP, Biometric, Photograph, Other}
}
