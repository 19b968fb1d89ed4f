package intake

import (
	"errors"

	"golang.org/x/sys/unix"
)

// rename moves a file and refuses to replace one.
func rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system that cannot
		return linkRename(from, to)
	}
	return err
}
