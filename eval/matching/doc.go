// Package matching measures whose document Chartlake says a document is: fictional people are
// registered in a store, documents about them and about strangers arrive with what paper does
// to names and numbers, and the answer of package identity, with the candidates that the
// product itself searches for, is held against the truth.
//
// A false match files one person's record under another: it is counted apart from questions,
// which cost a person seconds. What arrives is what a perfect reader would read of the page,
// with the sender's mistakes and confusions of single letters, not an image; what a reader
// doubts becomes a question whatever the people are.
package matching
