package intake

import (
	"io/fs"
	"os"
)

// linkRename gives the file its new name, which fails where the name is taken, and takes the
// old name away. File systems without hard links get a look before the move.
func linkRename(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return os.Remove(from)
	}
	if _, err := os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}
