// Package pdf reads PDF files: words of the text layer with their boxes, form fields,
// ruling lines, the regions that pictures cover, and rendered pages.
//
// The parser is PDFium as WebAssembly in a child process of our own binary: main and TestMain
// call ChildMain first. The WebAssembly has no file system and a bound on its memory; the child
// around it may read nothing but its compiled code, write nothing, start nothing and reach no
// network (package cage). It gets the parts of the file that it asks for and gives text and
// pixels. When a deadline passes it is killed; a file that breaks it costs one child and nothing
// else. Children wait half a minute for a next file, so that a server at rest holds none. Scripts
// in a document are never run: PDFium is built without an interpreter and document actions are
// not called.
//
// It refuses files without the right password (fault Corrupt, code encrypted), files that
// are not PDF inside (Corrupt, unreadable_pdf) and pages that cannot be loaded (Corrupt,
// page_unreadable). Text is taken as ISO 32000-1 section 9.10 lays down: by ToUnicode,
// encoding or glyph name, whatever PDFium finds first.
package pdf
