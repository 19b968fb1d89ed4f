package value

// NoKnownAllergy is the pattern of the written statements that there is no known allergy, without regard to case.
const NoKnownAllergy = `(?:nkda|nkma|nka|none known|` +
	`no (?:other )?known (?:(?:drug|medication|medicine|food|environmental|latex|and|or|/)[ /]+)*` +
	`allerg(?:y|ies)(?: to (?:any )?(?:drugs?|medications?|medicines?|foods?))?)`
