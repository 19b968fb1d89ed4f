package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/terminology/release"
)

type terminologyFetch struct {
	System   string `arg:"" help:"icd-10-cm (CMS) or rxnorm (Current Prescribable Content of the NLM)." enum:"icd-10-cm,rxnorm,loinc,snomed"`
	Manifest string `help:"Where to get it instead: a JSON list of {system, version, url, sha256}, as file or address; each checksum is held against the bytes." placeholder:"FILE|URL"`
	Version  string `help:"The release; of icd-10-cm the fiscal year (the one of today)."`
	home
}

func (terminologyFetch) Help() string {
	return "Example: chartlake terminology fetch icd-10-cm\n\nOnly this verb reaches out, to the publisher or to the address of the manifest. Without --manifest the publisher's TLS certificate is what the bytes are trusted by; their SHA-256 is in terminology list --json."
}

// releaseFile is one file of a release and where it is.
type releaseFile struct {
	System  string `json:"system"`
	Version string `json:"version"`
	URL     string `json:"url"`
	SHA256  string `json:"sha256"`
}

// published are the addresses that publishers keep from release to release. %s is the fiscal year.
// Sources: cms.gov, "ICD-10-CM code descriptions in tabular order"; nlm.nih.gov, "RxNorm files",
// Current Prescribable Content, no licence required.
var published = map[string]string{
	"icd-10-cm": "https://www.cms.gov/files/zip/%s-code-descriptions-tabular-order.zip",
	"rxnorm":    "https://download.nlm.nih.gov/rxnorm/RxNorm_full_prescribe_current.zip",
}

// Limits of a download: as large as what an import takes, and slow lines are let be.
const (
	fetchMax    = 4 << 30
	fetchTime   = time.Hour
	manifestMax = 1 << 20
)

func (c terminologyFetch) Run(e *env) error {
	s, err := release.Find(c.System)
	if err != nil {
		return err
	}
	client := fetching()
	ctx, cancel := context.WithTimeout(e.ctx, fetchTime)
	defer cancel()
	sources, err := c.sources(ctx, client, time.Now())
	if err != nil {
		return err
	}
	var in []release.Input
	for _, from := range sources {
		f, size, err := e.fetch(ctx, client, from)
		if err != nil {
			return err
		}
		defer os.Remove(f.Name())
		defer f.Close()
		in = append(in, release.Input{File: f, Size: size, Name: nameOf(from.URL)})
	}
	version := c.Version
	if version == "" {
		version = sources[0].Version
	}
	return e.takeIn(c.Data, s, in, version)
}

// sources lists what is to be got: of the manifest, or what the publisher keeps.
func (c terminologyFetch) sources(ctx context.Context, client *http.Client, now time.Time) ([]releaseFile, error) {
	if c.Manifest == "" {
		address := published[c.System]
		if address == "" {
			return nil, errNoSource
		}
		if strings.Contains(address, "%s") {
			year := c.Version
			if year == "" {
				year = strconv.Itoa(now.AddDate(0, 3, 0).Year()) // fiscal years begin in October
			}
			if len(year) != 4 || strings.Trim(year, "0123456789") != "" {
				return nil, usage("--version of icd-10-cm is a year")
			}
			address = fmt.Sprintf(address, year)
		}
		return []releaseFile{{System: c.System, URL: address}}, nil
	}
	text, err := c.manifest(ctx, client)
	if err != nil {
		return nil, err
	}
	var list, mine []releaseFile
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fault.New(fault.Corrupt, "manifest_malformed", "the manifest is no JSON list of sources")
	}
	for _, one := range list {
		if one.System != c.System || c.Version != "" && one.Version != c.Version {
			continue
		}
		if len(one.SHA256) != 2*sha256.Size || len(mine) > 0 && mine[0].Version != one.Version {
			return nil, fault.New(fault.Invalid, "manifest_malformed", "a source of the manifest has no SHA-256, or they are of several releases: give --version")
		}
		mine = append(mine, one)
	}
	if len(mine) == 0 || len(mine) > 8 {
		return nil, fault.New(fault.NotFound, "not_in_manifest", "the manifest does not have this release, or has more than 8 files of it")
	}
	return mine, nil
}

func (c terminologyFetch) manifest(ctx context.Context, client *http.Client) ([]byte, error) {
	if !strings.Contains(c.Manifest, "://") {
		f, err := openInput(c.Manifest)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, manifestMax))
	}
	body, err := get(ctx, client, c.Manifest)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, manifestMax))
}

// fetching is a client that goes to https alone, but for this machine, and follows no redirect away
// from it.
func fetching() *http.Client {
	return &http.Client{CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || safe(r.URL) != nil {
			return fault.New(fault.Forbidden, "redirect_refused", "the publisher sends elsewhere, and not over https")
		}
		return nil
	}}
}

func safe(u *url.URL) error {
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fault.New(fault.Invalid, "address_refused", "releases are fetched over https://")
}

func get(ctx context.Context, client *http.Client, address string) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "address_refused", "the address of a release is none")
	}
	if err := safe(u); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.New(fault.Invalid, "address_refused", "the address of a release is none")
	}
	resp, err := client.Do(r)
	if err != nil {
		if f := fault.As(err); f != nil {
			return nil, f
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fault.New(fault.Unavailable, "publisher_unreachable", "%s cannot be reached from here; download the release elsewhere and use terminology import", u.Hostname())
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fault.New(fault.Unavailable, "publisher_refused", "%s answers %d; the release may have moved: see --manifest and terminology import", u.Hostname(), resp.StatusCode)
	}
	return resp.Body, nil
}

// fetch gets a file into a temporary one, and holds it against its checksum.
func (e *env) fetch(ctx context.Context, client *http.Client, from releaseFile) (*os.File, int64, error) {
	body, err := get(ctx, client, from.URL)
	if err != nil {
		return nil, 0, err
	}
	defer body.Close()
	f, err := os.CreateTemp("", "chartlake-fetch-")
	if err != nil {
		return nil, 0, unwritable(err)
	}
	bar := e.progress("fetching megabytes")
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h, &megabytes{bar: bar}), io.LimitReader(body, fetchMax+1))
	bar.done()
	switch sum := hex.EncodeToString(h.Sum(nil)); {
	case ctx.Err() != nil:
		err = ctx.Err()
	case err != nil:
		err = fault.New(fault.Unavailable, "fetch_cut", "the release was cut on its way; nothing is changed")
	case n > fetchMax:
		err = fault.New(fault.TooLarge, "release_too_large", "the file has more than %d bytes", int64(fetchMax))
	case from.SHA256 != "" && !strings.EqualFold(sum, from.SHA256):
		err = fault.New(fault.Corrupt, "checksum_mismatch", "the bytes are not those that the manifest names; nothing is changed")
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, 0, err
	}
	return f, n, nil
}

// megabytes shows how many megabytes have gone by.
type megabytes struct {
	bar *progress
	n   int64
}

func (t *megabytes) Write(p []byte) (int, error) {
	t.n += int64(len(p))
	t.bar.at(int(t.n >> 20))
	return len(p), nil
}

// nameOf is the file name of an address.
func nameOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}
