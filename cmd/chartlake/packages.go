package main

import (
	"fmt"
	"os"

	"chartlake/fault"
	"chartlake/fhir/validate"
)

// library reads the FHIR packages (.tgz in npm layout, as guides are published) that
// $validate knows besides R4 itself; nil where none are given.
func library(paths []string) (*validate.Library, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	lib := validate.Core()
	for n, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, fault.New(fault.NotFound, "package_file", "package %d of %d cannot be opened", n+1, len(paths))
		}
		p, err := validate.ReadPackage(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("package %d of %d: %w", n+1, len(paths), err)
		}
		lib = lib.With(p.Resources...)
	}
	return lib, nil
}
