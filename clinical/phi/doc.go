// Package phi finds what identifies a person in a text: the kinds of identifier of the Safe Harbor
// method (45 CFR 164.514(b)(2)(i)).
//
// It knows five ways: what the document's own record says (a known name, number, address), how
// identifiers are written, the words that announce one, lists of names and places of public
// sources (SOURCES), and names that the same text has shown elsewhere. Where it is in doubt it
// finds: a word too many is blacked out rather than a name left. It refuses nothing, any text is
// answered, and no list or rule makes it certain: what it misses stays in the text.
package phi
