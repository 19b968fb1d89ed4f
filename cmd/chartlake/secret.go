package main

import (
	"os"
	"strings"

	"chartlake/fault"
)

// secret reads a password or token: "file:NAME" names a file whose first line it is, so that
// it need not stand in a process list.
func secret(v string) (string, error) {
	name, ok := strings.CutPrefix(v, "file:")
	if !ok {
		return v, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fault.New(fault.NotFound, "secret_file", "the file of the secret does not exist or may not be read")
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimRight(line, "\r"), nil
}
