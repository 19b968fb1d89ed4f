package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"

	"chartlake/blob"
	"chartlake/fault"
)

const (
	tablesManifest = "tables.json"
	// tablesFresh begins the names of files that no tables.json names yet. Who lists a table's files passes
	// over it, as over all that begins with a low line.
	tablesFresh = "_new/"
	// tablesLost is when a file that no tables.json names is one that a killed process left.
	tablesLost = time.Hour
	tablesMax  = 16 << 20 // bytes of tables.json
)

// Tables keeps the files of analytics/live below a prefix of a bucket: it is a live.Place but for the
// types of what is opened and made, so that who needs no tables links none of what makes them. The bucket
// makes tables.json the one that holds in one step, and only where it is still the one that was read: of two
// processes that keep the same tables one is refused with tables_in_use and begins at the other's
// tables.json, and neither takes a file away that the other has named. It refuses a server that does not
// know such conditions.
//
// New files come to lie below _new and get their names by a copy right before tables.json, the old ones go
// right after it. Where the bucket has versions, those of what is taken away go, too.
type Tables struct {
	at     *Store
	ours   func(name string) bool
	held   []byte // tables.json as it was read or written last
	tag    string // its tag; empty: there is none
	known  map[string]bool
	fresh  map[string]bool // files that were made since
	tidied time.Time
}

// NewTables makes a place below a prefix ("" or with a slash at its end). ours is live.Ours: nothing else is
// ever taken away. Kept of the configuration is called when versions of what was taken away could not be
// deleted. Nothing is called yet.
func NewTables(c Config, ours func(name string) bool) *Tables {
	return &Tables{at: New(c), ours: ours, known: map[string]bool{}, fresh: map[string]bool{}}
}

func (t *Tables) key(name string) string { return t.at.Prefix + name }

// tablesFailed is the fault of a call about the tables.
func tablesFailed(err error) error {
	if f := fault.As(err); f != nil && f.Code == "blob_not_found" {
		return fault.New(fault.Corrupt, "table_damaged", "a file of a table is not there")
	}
	return err
}

// Manifest is live.Place's.
func (t *Tables) Manifest(ctx context.Context) ([]byte, error) {
	data, tag, err := t.manifest(ctx)
	if err != nil {
		return nil, err
	}
	t.held, t.tag, t.fresh = data, tag, map[string]bool{}
	var m struct {
		Tables map[string][]struct{ Path string }
	}
	if json.Unmarshal(data, &m) == nil {
		for _, files := range m.Tables {
			for _, f := range files {
				t.known[f.Path] = t.ours(f.Path)
			}
		}
	}
	return data, nil
}

// manifest reads tables.json; nil where there is none.
func (t *Tables) manifest(ctx context.Context) (data []byte, tag string, err error) {
	out, err := t.at.client.GetObject(ctx, &service.GetObjectInput{Bucket: &t.at.Bucket, Key: sdk.String(t.key(tablesManifest))})
	if answered(err, "NoSuchKey") {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", failed(ctx, err)
	}
	defer out.Body.Close()
	data, err = io.ReadAll(io.LimitReader(out.Body, tablesMax+1))
	if err != nil {
		return nil, "", otherPiece()
	}
	return data, sdk.ToString(out.ETag), nil
}

// URI is live.Place's.
func (t *Tables) URI(name string) string { return "s3://" + t.at.Bucket + "/" + t.key(name) }

// Open is live.Place's.
func (t *Tables) Open(ctx context.Context, name string) (*TableOpened, error) {
	key := t.key(name)
	if t.fresh[name] {
		key = t.key(tablesFresh + name)
	}
	o, err := t.at.head(ctx, key)
	if err != nil {
		return nil, tablesFailed(err)
	}
	o.kind = blob.Plain // a name has the same bytes for ever
	return &TableOpened{&object{ctx: ctx, s: t.at, seen: o}}, nil
}

// TableOpened is a file that is read, in pieces.
type TableOpened struct{ *object }

// Size is live.Opened's.
func (o *TableOpened) Size() int64 { return o.size }

// Close is live.Opened's.
func (o *TableOpened) Close() error { return nil }

// Keep makes a file that no tables.json names yet, durably.
func (t *Tables) Keep(ctx context.Context, name string, data []byte) error {
	if _, err := t.put(ctx, &service.PutObjectInput{Key: sdk.String(t.key(tablesFresh + name))}, data); err != nil {
		return err
	}
	t.fresh[name] = true
	return nil
}

// put makes an object and gives its tag.
func (t *Tables) put(ctx context.Context, in *service.PutObjectInput, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	digest := base64.StdEncoding.EncodeToString(sum[:])
	in.Bucket, in.Body, in.ContentLength, in.ChecksumSHA256 = &t.at.Bucket, bytes.NewReader(data), sdk.Int64(int64(len(data))), &digest
	out, err := t.at.client.PutObject(ctx, in, service.WithAPIOptions(signBody))
	switch {
	case replaced(err), in.IfMatch != nil && answered(err, "NoSuchKey"):
		return "", anotherKeeps()
	case (in.IfMatch != nil || in.IfNoneMatch != nil) && unable(err):
		return "", fault.New(fault.Unsupported, "tables_unconditional", "the S3 server knows no conditional writes: tables.json would not be safe there")
	case err != nil:
		return "", failed(ctx, err)
	case out.ChecksumSHA256 != nil && *out.ChecksumSHA256 != digest:
		return "", notStored()
	}
	return sdk.ToString(out.ETag), nil
}

func anotherKeeps() error {
	return fault.New(fault.Conflict, "tables_in_use", "another process keeps the tables in this bucket")
}

// Commit is live.Place's.
func (t *Tables) Commit(ctx context.Context, manifest []byte, keep []string) error {
	if !bytes.Equal(manifest, t.held) {
		if err := t.hold(ctx, manifest, keep); err != nil {
			return err
		}
	}
	for _, name := range keep {
		t.known[name] = true
	}
	for name, ours := range t.known {
		if ours && !slices.Contains(keep, name) {
			if err := t.remove(ctx, t.key(name)); err != nil {
				return err
			}
			delete(t.known, name)
		}
	}
	return t.tidy(ctx, keep)
}

// hold gives new files their names and makes a manifest the one that holds.
func (t *Tables) hold(ctx context.Context, manifest []byte, keep []string) error {
	for name := range t.fresh {
		if slices.Contains(keep, name) {
			_, err := t.at.client.CopyObject(ctx, &service.CopyObjectInput{Bucket: &t.at.Bucket, Key: sdk.String(t.key(name)),
				CopySource: sdk.String(copySource(t.at.Bucket, t.key(tablesFresh+name)))})
			if err != nil {
				return tablesFailed(failed(ctx, err))
			}
			t.known[name] = true
		}
	}
	in := &service.PutObjectInput{Key: sdk.String(t.key(tablesManifest)), ContentType: sdk.String("application/json")}
	if t.tag == "" {
		in.IfNoneMatch = sdk.String("*")
	} else {
		in.IfMatch = &t.tag
	}
	tag, err := t.put(ctx, in, manifest)
	if fault.Is(err, fault.Conflict) { // or it is ours, and the answer was lost
		data, there, e := t.manifest(ctx)
		if e != nil {
			return e
		}
		if bytes.Equal(data, manifest) {
			tag, err = there, nil
		}
	}
	if err != nil {
		return err
	}
	t.held, t.tag = manifest, tag
	for name := range t.fresh {
		if err := t.remove(ctx, t.key(tablesFresh+name)); err != nil {
			return err
		}
		delete(t.fresh, name)
	}
	return nil
}

// remove takes an object away, with its versions where the bucket has some.
func (t *Tables) remove(ctx context.Context, key string) error {
	out, err := t.at.client.DeleteObject(ctx, &service.DeleteObjectInput{Bucket: &t.at.Bucket, Key: &key})
	if err != nil {
		if err = failed(ctx, err); !fault.Is(err, fault.NotFound) {
			return err
		}
		return nil
	}
	if !sdk.ToBool(out.DeleteMarker) {
		return nil
	}
	old, err := t.at.versions(ctx, key)
	for _, id := range old.ids {
		if _, e := t.at.client.DeleteObject(ctx, &service.DeleteObjectInput{Bucket: &t.at.Bucket, Key: &key, VersionId: &id}); e != nil && err == nil {
			err = failed(ctx, e)
		}
	}
	if f := fault.As(err); f != nil && t.at.Kept != nil && ctx.Err() == nil {
		t.at.Kept(fault.New(fault.Unavailable, "versions_kept", "older versions of files of the tables stay in the bucket until its own rules end them: %w", f))
		return nil
	}
	return err
}

// tidy takes away what a killed process left, now and then.
func (t *Tables) tidy(ctx context.Context, keep []string) error {
	if time.Since(t.tidied) < tablesLost {
		return nil
	}
	err := t.at.each(ctx, t.at.Prefix, func(key string, at time.Time) error {
		name := strings.TrimPrefix(key, t.at.Prefix)
		if !t.ours(strings.TrimPrefix(name, tablesFresh)) || slices.Contains(keep, name) || time.Since(at) <= tablesLost {
			return nil
		}
		return t.remove(ctx, key)
	})
	if err == nil {
		t.tidied = time.Now()
	}
	return err
}
