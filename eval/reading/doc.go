// Package reading measures how well pages are read: words in reading order, fields, check
// boxes, tables, rotation and skew, each against what is truly on the page (Truth), and it
// sums the results into figures with 95 % bounds.
//
// A page that could not be read counts as one with nothing on it. Word error rate is edit
// distance over words, so that a reader with every word in the wrong order does badly; the
// bag of words beside it does not ask for order. Results hold counts, never text.
//
// Measures: word error rate after Levenshtein 1966; position-independent error rate after
// Tillmann et al. 1997; table structure by GriTS (Smock, Pesala, Abraham 2022, "GriTS: Grid
// table similarity metric for table structure recognition", sections 3 and 4).
package reading
