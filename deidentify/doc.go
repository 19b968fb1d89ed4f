// Package deidentify takes out of resources, texts and pages what identifies a person, after the list
// of the Safe Harbor method (45 CFR 164.514(b)(2)), and puts surrogates in its place.
//
// Resources are rewritten by the R4 definitions, and what is not known to be harmless is left
// out: names, addresses, numbers and dates by the type of their element, free text by package
// phi with what the person's own record knows, extensions, narratives, originals and links not
// at all. Pages are drawn anew as pictures with black where an identifier stood, and with a
// text layer that never had it; nothing of the original file is in the new one.
//
// Surrogates are made with a key (HMAC-SHA-256): the same person and value give the same surrogate
// in every export, and without the key none leads back. Days are shifted by the same number for
// all of one person, so that what lies between two of them stays; a shifted date is a
// surrogate and not a year alone, which the letter of (b)(2)(i)(C) asks for: Years gives that.
//
// It makes no claim of anonymity. What phi does not find in free text stays there, and a picture
// is only as black as its page was read.
package deidentify
