package bulk

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"chartlake/fault"
)

// webSource is a file that another server gives. Unless the operator named its place, only public
// addresses are connected to: whatever a name resolves to is looked at when the connection is
// made, also after a redirect.
type webSource struct {
	address string
	allowed bool
}

const redirectsMax = 5

func (s *webSource) list(context.Context, int) ([]string, error) { return []string{s.address}, nil }

func (s *webSource) open(ctx context.Context) (io.ReadCloser, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
	if err != nil {
		return nil, "", fault.New(fault.Invalid, "bad_source", "an input is no address that can be asked")
	}
	req.Header.Set("Accept", "application/fhir+ndjson, application/x-ndjson, */*;q=0.5")
	resp, err := s.client().Do(req)
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return nil, "", f
		}
		return nil, "", fault.New(fault.Unavailable, sourceAway, "the server of an input does not answer")
	}
	switch {
	case resp.StatusCode == http.StatusOK:
		return resp.Body, resp.Header.Get("ETag") + " " + resp.Header.Get("Last-Modified") + " " + resp.Header.Get("Content-Length"), nil
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		err = fault.New(fault.Unavailable, sourceAway, "the server of an input answers %d", resp.StatusCode)
	default:
		err = fault.New(fault.NotFound, "source_not_found", "the server of an input answers %d", resp.StatusCode)
	}
	resp.Body.Close()
	return nil, "", err
}

// client connects to what this source may reach. A place that was named may lead by redirects to
// public addresses, not to others inside.
func (s *webSource) client() *http.Client {
	open := ""
	if u, err := url.Parse(s.address); err == nil && s.allowed {
		open = hostPort(u)
	}
	dialer := &net.Dialer{Timeout: 15 * time.Second}
	guarded := &net.Dialer{Timeout: 15 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr()) {
			return refusedSource()
		}
		return nil
	}}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == open {
					return dialer.DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			DisableKeepAlives: true, DisableCompression: true, ResponseHeaderTimeout: time.Minute, TLSHandshakeTimeout: 15 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > redirectsMax || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
				return fault.New(fault.Forbidden, "source_redirects", "the server of an input sends elsewhere too often")
			}
			return nil
		},
	}
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// inside are networks that are not the public internet, besides those that netip tells
// (https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry).
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("::/96"),
}

// public reports whether an address is one of the public internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range inside {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
