package clinical

import "strings"

// DrugsLike gives the drugs of the dictionary whose names a reader may have taken for the word: those
// that differ by letters that look alike, else by one letter. None for a word that is shorter
// than six letters or is a drug itself.
func (e *Engine) DrugsLike(word string) []string {
	word = strings.ToLower(strings.Trim(word, " .,;:"))
	if len(word) < alikeMin || len(word) > 24 {
		return nil
	}
	names := e.lexicon.alike.of(word)
	for _, name := range names {
		if name == word {
			return nil
		}
	}
	return names
}
