package release

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"io"
	"path"
	"strings"

	"chartlake/fault"
)

// Limits of files. The largest official archive, of SNOMED CT, has 1 GB packed and 8 GB unpacked, of
// which the three files that are read have 1 GB; text packs to a tenth, a bomb to a thousandth.
const (
	fileMax    = 4 << 30
	memberMax  = 4 << 30
	membersMax = 20_000
	ratioMax   = 100
	ratioFrom  = 8 << 20 // unpacked bytes from which the ratio counts
)

// members calls take for each file of interest: those of an archive that the system wants, or the
// file itself. name is the name that the file had, or "" where it has none. version is what the
// names in an archive say.
func (s *System) members(file io.ReaderAt, size int64, name string, take func(name string, in io.Reader) error) (version string, err error) {
	if size > fileMax {
		return "", fault.New(fault.TooLarge, "release_too_large", "the file has more than %d bytes", int64(fileMax))
	}
	head := make([]byte, 4)
	_, _ = file.ReadAt(head, 0)
	switch {
	case string(head) == "PK\x03\x04":
		return s.zipped(file, size, take)
	case head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(bufio.NewReader(io.NewSectionReader(file, 0, size)))
		if err != nil {
			return "", fault.New(fault.Corrupt, "gzip_damaged", "the file is not whole")
		}
		return "", take(strings.TrimSuffix(name, ".gz"), &measured{in: z, packed: size})
	case string(head) == "%PDF" || head[0] == 0:
		return "", fault.New(fault.Unsupported, "not_a_release", "the file is no release of a code system")
	}
	return "", take(name, io.NewSectionReader(file, 0, size))
}

func (s *System) zipped(file io.ReaderAt, size int64, take func(name string, in io.Reader) error) (version string, err error) {
	used := 0
	z, err := zip.NewReader(file, size)
	if err != nil {
		return "", fault.New(fault.Corrupt, "zip_damaged", "the archive is not whole")
	}
	if len(z.File) > membersMax {
		return "", fault.New(fault.TooLarge, "too_many_members", "the archive has more than %d files", membersMax)
	}
	for _, f := range z.File {
		if m := s.version.FindStringSubmatch(path.Base(f.Name)); m != nil && version == "" {
			version = m[1]
		}
		if !s.wanted(f.Name) || f.FileInfo().IsDir() || strings.HasPrefix(path.Base(f.Name), "._") {
			continue
		}
		if f.UncompressedSize64 > memberMax {
			return "", fault.New(fault.TooLarge, "member_too_large", "a file of the archive unpacks to more than %d bytes", int64(memberMax))
		}
		in, err := f.Open()
		if err != nil {
			return "", fault.New(fault.Corrupt, "zip_damaged", "a file of the archive cannot be unpacked")
		}
		err = take(f.Name, &measured{in: in, packed: int64(f.CompressedSize64)})
		in.Close()
		if err != nil {
			return "", err
		}
		used++
	}
	if used == 0 {
		return "", fault.New(fault.Unsupported, "not_a_release", "the archive has none of the files of a release of this system")
	}
	return version, nil
}

// wanted passes over lists of what is new in a release: they are no whole release.
func (s *System) wanted(name string) bool {
	if strings.Contains(strings.ToLower(name), "addenda") {
		return false
	}
	for _, re := range s.wants {
		if re.MatchString(name) {
			return true
		}
	}
	return false
}

// measured refuses what unpacks to more than a text can.
type measured struct {
	in     io.Reader
	packed int64
	out    int64
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.out += int64(n)
	if m.out > memberMax || m.out > ratioFrom && m.out > ratioMax*max(m.packed, 1) {
		return 0, fault.New(fault.TooLarge, "zip_bomb", "a file of the archive unpacks to far more than it holds")
	}
	if err != nil && err != io.EOF && fault.As(err) == nil {
		err = fault.New(fault.Corrupt, "zip_damaged", "a file of the archive cannot be unpacked")
	}
	return n, err
}
