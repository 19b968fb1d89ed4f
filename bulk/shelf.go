package bulk

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chartlake/envelope"
	"chartlake/fault"
)

// Shelf is where the files of jobs stand, in pieces that never change: a Folder, or a bucket that
// many processes share. Names of jobs and pieces have letters, digits and hyphens. All methods are
// safe for many goroutines and processes.
type Shelf interface {
	// Put returns once a piece is durable. No name is put twice.
	Put(ctx context.Context, job, name string, piece []byte) error
	// Get gives a piece of at most PieceMax bytes; NotFound where there is none.
	Get(ctx context.Context, job, name string) ([]byte, error)
	// Drop takes away what a job has, but the pieces named. What is not there is no error.
	Drop(ctx context.Context, job string, but ...string) error
	// Jobs gives those that have pieces, and when they got the last one, or one a little before.
	Jobs(ctx context.Context) (map[string]time.Time, error)
}

// PieceMax is the largest piece.
const PieceMax = pieceBytes + frameMax + 4

// pieceBytes is from where on a piece is put away. So much of a file is in memory.
const pieceBytes = 8 << 20

// newPiece names a piece. Names are random, so that a worker that was taken for dead and goes on
// writes over nothing that counts.
func newPiece() string { return strings.ToLower(rand.Text()[:16]) }

// Folder is a Shelf in a folder; it is made with mode 0700 where it is missing.
type Folder string

// Put is Shelf's.
func (d Folder) Put(_ context.Context, job, name string, piece []byte) error {
	folder := filepath.Join(string(d), job)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return diskFault(err)
		}
		if err := envelope.SyncFolder(string(d)); err != nil {
			return diskFault(err)
		}
	}
	f, err := os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return diskFault(err)
	}
	_, err = f.Write(piece)
	if err == nil {
		err = f.Sync()
	}
	if failed := f.Close(); err == nil {
		err = failed
	}
	if err == nil {
		err = envelope.SyncFolder(folder)
	}
	return diskFault(err)
}

// Get is Shelf's.
func (d Folder) Get(_ context.Context, job, name string) ([]byte, error) {
	path := filepath.Join(string(d), job, name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "piece_not_found", "there is no such piece")
	case err == nil && info.Size() > PieceMax:
		return nil, fileDamaged()
	case err != nil:
		return nil, diskFault(err)
	}
	piece, err := os.ReadFile(path)
	return piece, diskFault(err)
}

// Drop is Shelf's.
func (d Folder) Drop(_ context.Context, job string, but ...string) error {
	folder := filepath.Join(string(d), job)
	if len(but) == 0 {
		return diskFault(os.RemoveAll(folder))
	}
	list, err := os.ReadDir(folder)
	for _, e := range list {
		if !slices.Contains(but, e.Name()) && err == nil {
			err = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return diskFault(err)
}

// Jobs is Shelf's.
func (d Folder) Jobs(context.Context) (map[string]time.Time, error) {
	list, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, diskFault(err)
	}
	jobs := map[string]time.Time{}
	for _, e := range list {
		if info, err := e.Info(); err == nil {
			jobs[e.Name()] = info.ModTime()
		}
	}
	return jobs, nil
}
