package validate

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	slash "path"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
)

// Limits of one package. US Core 6.1.0 has 1.5 MB packed, 29 MB in 460 files, the largest of
// 700 KB; the largest published terminology packages unpack to about 300 MB.
const (
	MaxPackageBytes = 512 << 20 // unpacked
	MaxPackageFiles = 50_000
	MaxPackageFile  = 32 << 20
)

// Package is an implementation guide as it is published: the canonical resources of an npm
// package (https://confluence.hl7.org/display/FHIR/NPM+Package+Specification).
type Package struct {
	Name, Version string
	Resources     []*fhir.Node
}

// kinds are the resources of a package that validation uses.
var kinds = map[string]bool{"StructureDefinition": true, "ValueSet": true, "CodeSystem": true, "Questionnaire": true, "ImplementationGuide": true}

// ReadPackage reads a package.tgz. It looks at the JSON files of the folder package and below,
// but for examples and other folders of their own, and takes what validation uses. Faults:
// package_archive (Corrupt) for what is no such archive, package_limit (TooLarge) beyond the
// limits, package_release (Unsupported) for a package of another FHIR release. Files are
// read as they come and nothing is written anywhere.
func ReadPackage(r io.Reader) (*Package, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, corrupt(err)
	}
	defer zr.Close()
	budget := &io.LimitedReader{R: zr, N: MaxPackageBytes + 1}
	p := &Package{}
	tr := tar.NewReader(budget)
	for files := 0; ; files++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if budget.N <= 0 || files >= MaxPackageFiles {
			return nil, fault.New(fault.TooLarge, "package_limit", "the package has more than %d files or %d bytes", MaxPackageFiles, MaxPackageBytes)
		}
		if err != nil {
			return nil, corrupt(err)
		}
		dir, name := slash.Split(slash.Clean(h.Name))
		if h.Typeflag != tar.TypeReg || dir != "package/" || !strings.HasSuffix(name, ".json") || strings.HasPrefix(name, ".") {
			continue
		}
		if h.Size > MaxPackageFile {
			return nil, fault.New(fault.TooLarge, "package_limit", "a file of the package is larger than %d bytes", MaxPackageFile)
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return nil, corrupt(err)
		}
		if err := p.file(name, data); err != nil {
			return nil, err
		}
	}
	if p.Name == "" {
		return nil, corrupt(errors.New("package/package.json is missing"))
	}
	return p, nil
}

func corrupt(err error) error {
	return fault.New(fault.Corrupt, "package_archive", "not a FHIR package: %w", err)
}

func (p *Package) file(name string, data []byte) error {
	n, err := fhir.Parse(data)
	if err != nil {
		return corrupt(err)
	}
	if name == "package.json" {
		p.Name, p.Version = n.Str("name"), n.Str("version")
		for _, list := range []string{"fhirVersions", "fhir-version-list"} {
			for _, v := range n.Get(list).Items() {
				if !strings.HasPrefix(v.Text(), "4.0") {
					return fault.New(fault.Unsupported, "package_release", "the package is of another release of FHIR than R4")
				}
			}
		}
		return nil
	}
	if kinds[n.Type()] && n.Str("url") != "" {
		p.Resources = append(p.Resources, n)
	}
	return nil
}
