// Package ocr recognises the words of a page picture with the tesseract command (5 or later).
//
// The command is a child process of our own binary, started again: main and TestMain call
// ChildMain first, which in the child applies resource limits, Landlock, a seccomp allow list
// and no_new_privs, and then becomes the command. The parent starts it in its own user,
// network, process, mount and IPC namespaces, as user nobody where we are root, with an empty
// environment. Pixels go in by standard input, a table of words comes out by standard output.
// A layer that the host refuses is left out, and Engine.Confinement says which ones hold.
//
// The command only reads lines. Which way up the page is, its skew, its background, ruling
// lines, size of type and lines of text are found here (package pixel and layout), every line
// is cut out, cleaned and scaled to what the network wants, and every box is mapped back to
// the upright page.
//
// Refused: pictures without pixels and over 200 megapixels. Handwriting is not read: what the
// network makes of it comes back with low confidence.
package ocr
