// Package console is the web pages of Chartlake and the small JSON interface under them:
// the documents and their states, page pictures and words, records, what a record became in
// FHIR, live events, and the door to review. The pages (React, sources in web, built bundle
// in dist) are embedded; they fetch nothing from elsewhere and the Content-Security-Policy
// forbids it.
//
// It decides nothing: what a review action means is package review's, how a page is drawn
// and what was read on it come through Config, and every handler asks Config.May first. It
// refuses a request body over 64 KiB, a review action that is not application/json, more
// than 256 live streams, and unknown query parameters. Text of documents is only ever sent as
// JSON, and the pages only ever show it as text.
//
// Paths and JSON forms are those of docs/guide/console.md.
package console
