// Package sniff tells what a file is by its bytes, never by its name.
//
// It knows PDF, TIFF (both byte orders), JPEG and PNG. It refuses everything else as
// unsupported_type: BigTIFF, text that is named like a picture, archives, and files that are
// two things at once in their first kilobyte, because two readers would see two documents.
// Bytes after the end of a picture are accepted; they are not read.
package sniff

import (
	"bytes"
	"io"

	"chartlake/fault"
)

// Media types.
const (
	PDF  = "application/pdf"
	TIFF = "image/tiff"
	JPEG = "image/jpeg"
	PNG  = "image/png"
)

// headSize is how much of a file is looked at. A PDF header may stand anywhere in the first
// 1,024 bytes. Source: ISO 32000-1 annex H, implementation note 13.
const headSize = 1024

var (
	pngSignature = []byte("\x89PNG\r\n\x1a\n")
	pdfMarker    = []byte("%PDF-")
)

// foreign are openings of other formats before which a later %PDF- does not make a PDF.
var foreign = [][]byte{
	[]byte("PK\x03\x04"), []byte("PK\x05\x06"), {0x1F, 0x8B}, []byte("BZh"), []byte("7z\xBC\xAF\x27\x1C"),
	[]byte("\xFD7zXZ\x00"), {0x28, 0xB5, 0x2F, 0xFD}, []byte("Rar!"), []byte("MZ"), []byte("\x7FELF"), []byte("#!"),
	[]byte("GIF8"), []byte("BM"), []byte("RIFF"), []byte("8BPS"), []byte("%!PS"), []byte("{\\rtf"), []byte("\xD0\xCF\x11\xE0"),
	[]byte("<?xml"), []byte("<html"), []byte("<HTML"), []byte("<!DOCTYPE"), []byte("<!doctype"), []byte("<script"), []byte("<svg"),
}

// Type gives the media type of a file. No bytes are an Invalid fault, empty; what is not
// known an Unsupported one, unsupported_type.
func Type(file io.ReaderAt, size int64) (string, error) {
	if size <= 0 {
		return "", fault.New(fault.Invalid, "empty", "the file is empty")
	}
	head := make([]byte, min(size, headSize))
	n, err := file.ReadAt(head, 0)
	if n == 0 && err != nil {
		return "", fault.New(fault.Unavailable, "unreadable", "the file cannot be read: %w", err)
	}
	head = head[:n]
	picture := pictureType(head)
	pdf := bytes.Index(head, pdfMarker)
	switch {
	case picture != "" && pdf >= 0:
		return "", unsupported("the file is a picture and a PDF at once")
	case picture != "":
		return picture, nil
	case pdf < 0:
		return "", unsupported("the file is not a PDF, TIFF, JPEG or PNG")
	}
	before := bytes.TrimLeft(head[:pdf], " \t\r\n\x00\xEF\xBB\xBF")
	for _, opening := range foreign {
		if bytes.HasPrefix(before, opening) {
			return "", unsupported("the file is something else and a PDF at once")
		}
	}
	return PDF, nil
}

func unsupported(message string) error {
	return fault.New(fault.Unsupported, "unsupported_type", "%s", message)
}

func pictureType(head []byte) string {
	switch {
	case bytes.HasPrefix(head, pngSignature):
		return PNG
	case bytes.HasPrefix(head, []byte{0xFF, 0xD8, 0xFF}):
		return JPEG
	case bytes.HasPrefix(head, []byte("II*\x00")) || bytes.HasPrefix(head, []byte("MM\x00*")):
		return TIFF
	}
	return ""
}
