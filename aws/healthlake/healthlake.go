// Package healthlake files FHIR Bundles in AWS HealthLake, or in any FHIR R4 server that takes
// transactions: a document's resources by PUT under their own ids, in transactions within the
// server's limits, one after the other in the order in which they refer to each other.
//
// A document is filed once. Every entry is a PUT under an id that comes from the document, so a
// transaction that is sent again, because its answer was lost, makes nothing double; and a
// document whose last resource is there already is left as it is, so an event that is delivered
// again does not write over what people changed since. A transaction is tried a bounded number of
// times with growing pauses; one that the server finds too large is halved. It refuses Bundles
// that are no transactions of PUTs, and addresses that would carry them in the clear.
//
// Source: HealthLake Developer Guide, "Managing FHIR resources", "Bundle", "Service quotas"; FHIR
// R4, "transaction". HealthLake's FHIR API is in no SDK: requests are signed here (SigV4). It has
// not been run against AWS.
package healthlake

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"chartlake/fault"
)

// Limits of HealthLake for one transaction that is answered at once.
const (
	entriesMax = 100
	bytesMax   = 5_000_000
)

// answerMax bounds an answer: a transaction's has a line for each entry.
const answerMax = 16 << 20

// Config says where to file. URL and, for HealthLake, AWS are required.
type Config struct {
	// URL is the base of the server: https://healthlake.REGION.amazonaws.com/datastore/ID/r4/.
	URL string
	// AWS signs the requests; nil: they are not signed, as for a server that is not HealthLake.
	AWS *sdk.Config
	// Token is sent as bearer token where requests are not signed; empty: none.
	Token string
	// Client sends requests; nil: that of AWS, or a plain one.
	Client sdk.HTTPClient
	Tries  int           // of one request; 6
	Pause  time.Duration // first pause between tries, doubled each time; 500 ms
	// PauseMax bounds a pause, also one that the server asks for; 20 s.
	PauseMax time.Duration
}

// Sink files documents. It is safe for many goroutines.
type Sink struct {
	Config
	base   string
	signer *v4.Signer
	now    func() time.Time
}

// New checks a configuration; nothing is sent yet. Faults: Invalid.
func New(c Config) (*Sink, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fault.New(fault.Invalid, "fhir_url", "the address of the FHIR server is not https://HOST/PATH")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fault.New(fault.Invalid, "fhir_url", "the address of the FHIR server must be https:// unless it is on this machine")
	case c.AWS == nil && strings.HasSuffix(u.Hostname(), ".amazonaws.com"):
		return nil, fault.New(fault.Invalid, "fhir_url", "requests to HealthLake must be signed")
	}
	if c.Client == nil {
		if c.Client = http.DefaultClient; c.AWS != nil && c.AWS.HTTPClient != nil {
			c.Client = c.AWS.HTTPClient
		}
	}
	if c.Tries <= 0 {
		c.Tries = 6
	}
	if c.Pause <= 0 {
		c.Pause = 500 * time.Millisecond
	}
	if c.PauseMax <= 0 {
		c.PauseMax = 20 * time.Second
	}
	return &Sink{Config: c, base: strings.TrimRight(c.URL, "/"), signer: v4.NewSigner(), now: time.Now}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
