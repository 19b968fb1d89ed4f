package smart

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"

	"chartlake/fault"
	"chartlake/fault/problem"
)

// Gate stands before all handlers. Without a token it serves the local machine only: Host
// must name a loopback address (so that a rebound DNS name cannot reach us from a browser)
// and a request that a foreign page sent is refused. With a token every request must bear
// it, as `Authorization: Bearer` or, for browsers, as the password of HTTP Basic.
type Gate struct {
	Token  string   // empty: loopback only
	Open   []string // paths that anybody may ask: /healthz, /readyz
	Bearer Caller   // who has the token; the zero Caller: whoever was given it
}

// Wrap puts the gate before a handler.
func (g Gate) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, p := range g.Open {
			if r.URL.Path == p {
				next.ServeHTTP(w, r)
				return
			}
		}
		caller, err := g.identify(r)
		if err != nil {
			refuse(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), caller)))
	})
}

func (g Gate) identify(r *http.Request) (Caller, error) {
	if err := sameSite(r); err != nil {
		return Caller{}, err
	}
	if g.Token == "" {
		if !Loopback(r.Host) {
			return Caller{}, fault.New(fault.Forbidden, "host_refused", "this server answers to loopback names only; set a token to serve other hosts")
		}
		return Caller{ID: "local", Name: "person at this machine", Actions: everything}, nil
	}
	if !sameSecret(presented(r), g.Token) {
		return Caller{}, fault.New(fault.Unauthenticated, "token_required", "send the server's token as a bearer token or as the password of HTTP Basic")
	}
	if g.Bearer.ID != "" {
		return g.Bearer, nil
	}
	name := "token"
	if user, _, ok := r.BasicAuth(); ok && user != "" {
		name = user
	}
	return Caller{ID: "token", Name: name, Actions: everything}, nil
}

func presented(r *http.Request) string {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t
	}
	_, password, _ := r.BasicAuth()
	return password
}

// sameSecret compares in constant time, also for different lengths.
func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// sameSite refuses what a page of another site made a browser send (Fetch Metadata, Origin).
func sameSite(r *http.Request) error {
	refused := fault.New(fault.Forbidden, "origin_refused", "requests from pages of other sites are refused")
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" {
			return nil // a link that a person followed
		}
		return refused
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || !strings.EqualFold(u.Host, r.Host) {
		return refused
	}
	return nil
}

// Loopback reports whether a host or host:port names this machine only.
func Loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func refuse(w http.ResponseWriter, err error) {
	if fault.Is(err, fault.Unauthenticated) {
		w.Header().Set("WWW-Authenticate", `Basic realm="chartlake", charset="UTF-8"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	problem.Answer(w, err, "something went wrong inside Chartlake")
}
