//go:build !linux

package intake

// rename moves a file and refuses to replace one.
func rename(from, to string) error { return linkRename(from, to) }
