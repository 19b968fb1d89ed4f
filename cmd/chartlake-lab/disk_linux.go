package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	imageSize = 1 << 30
	// goingDown is FS_IOC_GOINGDOWN, _IOR('X', 125, __u32) of linux/fs.h; 2 is NOLOGFLUSH:
	// the file system stops at once and what is not in its journal on disk is gone.
	goingDown  = 0x8004587d
	noLogFlush = 2
)

// loopDisk is a file system in an image file, mounted only in this namespace.
type loopDisk struct {
	image, mount string
	fs           string
}

func newLoopDisk(root, fs string) (*loopDisk, error) {
	d := &loopDisk{image: filepath.Join(root, "image"), mount: filepath.Join(root, "mount"), fs: fs}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(d.image, imageSize); err != nil {
		return nil, err
	}
	make := []string{"mkfs.ext4", "-q", "-F", d.image}
	if fs == "xfs" {
		make = []string{"mkfs.xfs", "-q", "-f", d.image}
	} else if fs != "ext4" {
		return nil, fmt.Errorf("file system %q: ext4 or xfs", fs)
	}
	if err := call(make...); err != nil {
		return nil, err
	}
	if err := os.Mkdir(d.mount, 0o700); err != nil {
		return nil, err
	}
	return d, d.attach()
}

func (d *loopDisk) Data() string { return filepath.Join(d.mount, "data") }

func (d *loopDisk) attach() error { return call("mount", "-t", d.fs, "-o", "loop", d.image, d.mount) }

func (d *loopDisk) detach() error {
	var err error
	for range 200 {
		if err = unix.Unmount(d.mount, 0); err == nil || errors.Is(err, unix.EINVAL) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("unmount: %w", err)
}

// Cut stops the server and its file system at one moment, as a power cut does, then kills the
// server and mounts again: the journal is replayed.
//
// The server must not run on after its file system has been stopped: ext4 may then end an fsync
// without an error though nothing was written, and a server that runs on acknowledges what no
// machine without power could have acknowledged. Calls that are inside the kernel go on, so the
// cut still falls into writes and syncs that have begun.
func (d *loopDisk) Cut(s *server) error {
	dir, err := os.Open(d.mount)
	if err != nil {
		return err
	}
	how := uint32(noLogFlush)
	if err := s.freeze(); err != nil {
		dir.Close()
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, dir.Fd(), goingDown, uintptr(unsafe.Pointer(&how)))
	dir.Close()
	s.kill()
	if errno != 0 {
		return fmt.Errorf("this kernel does not stop %s on request: %w", d.fs, errno)
	}
	if err := d.detach(); err != nil {
		return err
	}
	return d.attach()
}

func (d *loopDisk) Close() { d.detach() }

func call(args ...string) error {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", args[0], err, out)
	}
	return nil
}
