package bucket

import (
	"context"
	"io"
	"os"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"

	"chartlake/blob"
	"chartlake/fault"
)

// Objects are fetched in pieces, of which a reader keeps some: PDFs are read at their end, then
// here and there.
const (
	pieceSize = 1 << 20
	pieceKept = 8
)

// object reads an object in pieces.
type object struct {
	ctx context.Context
	s   *Store
	seen

	mu   sync.Mutex
	have map[int64][]byte
	used []int64 // numbers of pieces, least lately used first
}

func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fault.New(fault.Invalid, "bad_offset", "a place before the beginning")
	}
	if off+int64(len(p)) <= int64(len(o.start)) {
		return copy(p, o.start[off:]), nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(p) > 0 && off < o.size {
		piece, err := o.load(off / pieceSize)
		if err != nil {
			return n, err
		}
		c := copy(p, piece[off%pieceSize:])
		p, n, off = p[c:], n+c, off+int64(c)
	}
	if len(p) > 0 {
		return n, io.EOF
	}
	return n, nil
}

func (o *object) load(i int64) ([]byte, error) {
	if piece, ok := o.have[i]; ok {
		for k, u := range o.used {
			if u == i {
				o.used = append(append(o.used[:k:k], o.used[k+1:]...), i)
				break
			}
		}
		return piece, nil
	}
	want := min(pieceSize, o.size-i*pieceSize)
	in := &service.GetObjectInput{Bucket: &o.s.Bucket, Key: &o.key, Range: pieceRange(i*pieceSize, want)}
	if o.kind == blob.Sealed { // else the same name has the same bytes
		in.IfMatch = &o.tag
	}
	piece, err := get(o.ctx, o.s.client, in, want)
	if err == nil && int64(len(piece)) != want {
		err = otherPiece()
	}
	if err != nil {
		return nil, err
	}
	if o.have == nil {
		o.have = map[int64][]byte{}
	}
	if len(o.used) == pieceKept {
		delete(o.have, o.used[0])
		o.used = o.used[1:]
	}
	o.have[i], o.used = piece, append(o.used, i)
	return piece, nil
}

// reader is an open blob. One that is written again meanwhile, sealed anew, is opened anew.
type reader struct {
	s    *Store
	ctx  context.Context
	hash string
	size int64

	mu   sync.Mutex
	text io.ReaderAt
	file *os.File // the blob as it lies in S3, where it was brought here
}

// Open is blob.Store's. ctx must live as long as the reader is used.
func (s *Store) Open(ctx context.Context, hash string) (blob.Reader, error) {
	r := &reader{s: s, ctx: ctx, hash: hash}
	return r, r.open()
}

// open opens the blob as it is now.
func (r *reader) open() error {
	o, err := r.s.look(r.ctx, r.hash)
	if err != nil {
		return err
	}
	return r.use(o, &object{ctx: r.ctx, s: r.s, seen: o})
}

// use reads the text of a blob that was seen from its bytes as they lie in S3.
func (r *reader) use(o seen, bytes io.ReaderAt) error {
	if o.kind == blob.Plain {
		r.text, r.size = bytes, o.size
		return nil
	}
	if r.s.Vault == nil {
		return fault.New(fault.Unavailable, "blob_sealed", "the blob is sealed, and there are no keys")
	}
	text, err := r.s.Vault.OpenStream(bytes, []byte(r.hash))
	if err != nil {
		return sealedFault(r.hash, err)
	}
	r.text, r.size = text, text.Size()
	return nil
}

// Localize brings the blob to a temporary file of this machine, sealed as it is, and reads it there
// from then on. Nobody may read meanwhile.
func (r *reader) Localize(ctx context.Context) error {
	o, f, err := r.s.fetch(ctx, r.hash)
	if err != nil {
		return err
	}
	if err := r.use(o, f); err != nil {
		f.Close()
		return err
	}
	r.file = f
	return nil
}

// fetch copies a blob as it lies in S3 to a temporary file; from the start again where it is written
// again meanwhile.
func (s *Store) fetch(ctx context.Context, hash string) (o seen, f *os.File, err error) {
	for range replacedMax {
		if o, err = s.look(ctx, hash); err != nil {
			return o, nil, err
		}
		if f, err = temporary(s.Temp); err != nil {
			return o, nil, err
		}
		err = part{bucket: s.Bucket, key: o.key, tag: o.tag}.copyTo(ctx, s.client, o.size, f)
		if err == nil {
			return o, f, nil
		}
		f.Close()
		if !writtenAgain(err) {
			break
		}
	}
	return o, nil, err
}

// sealedFault says of a blob that does not open why.
func sealedFault(hash string, err error) error {
	switch f := fault.As(err); {
	case f == nil:
		return err
	case f.Code == "sealed_damaged":
		return fault.New(fault.Corrupt, "blob_damaged", "blob %s does not open: its bytes are damaged", hash)
	case f.Code == "key_destroyed":
		return fault.New(fault.Gone, "erased", "blob %s was erased for good", hash)
	}
	return err
}

// replacedMax is how often a blob is opened anew within one read: many may put it at once.
const replacedMax = 20

func (r *reader) ReadAt(p []byte, off int64) (n int, err error) {
	for range replacedMax {
		r.mu.Lock()
		text := r.text
		r.mu.Unlock()
		n, err = text.ReadAt(p, off)
		if !writtenAgain(err) {
			return n, err
		}
		r.mu.Lock()
		var again error
		if r.text == text { // else another goroutine did it
			again = r.open()
		}
		r.mu.Unlock()
		if again != nil {
			return 0, again
		}
	}
	return n, err
}

func (r *reader) Size() int64 { return r.size }

// Close lets the temporary file go, where there is one.
func (r *reader) Close() error {
	if r.file != nil {
		return r.file.Close()
	}
	return nil
}

// Fetch copies an object that others put into S3 to a temporary file, which is gone once it is
// closed. version is empty for the newest. Faults: NotFound, Forbidden, TooLarge above limit, Full,
// Unavailable.
func Fetch(ctx context.Context, c sdk.Config, bucket, key, version string, limit int64) (*os.File, int64, error) {
	client := client(c)
	head := &service.HeadObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		head.VersionId = &version
	}
	out, err := client.HeadObject(ctx, head)
	if err != nil {
		return nil, 0, failed(ctx, err)
	}
	size := sdk.ToInt64(out.ContentLength)
	if size > limit {
		return nil, 0, fault.New(fault.TooLarge, "too_large", "the file has more than %d bytes", limit)
	}
	f, err := temporary("")
	if err != nil {
		return nil, 0, err
	}
	if err := (part{bucket, key, version, sdk.ToString(out.ETag)}).copyTo(ctx, client, size, f); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, size, nil
}
