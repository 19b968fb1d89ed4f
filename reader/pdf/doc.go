// Package pdf reads PDF files: words of the text layer with their boxes, form fields,
// ruling lines, the regions that pictures cover, and rendered pages.
//
// The parser is PDFium as WebAssembly. It runs without a file system, without a network,
// with a bound on its memory and with a deadline on every call; a file that breaks it
// costs one instance and nothing else. Scripts in a document are never run: PDFium is
// built without an interpreter and document actions are not called.
//
// It refuses files without the right password (fault Corrupt, code encrypted), files that
// are not PDF inside (Corrupt, unreadable_pdf) and pages that cannot be loaded (Corrupt,
// page_unreadable). Text is taken as ISO 32000-1 section 9.10 lays down: by ToUnicode,
// encoding or glyph name, whatever PDFium finds first.
package pdf
