package main

// missingParameters gives SearchParameters of the official R4 package that the first source
// lacks and that can be derived; see docs in package definition.
func missingParameters() ([]searchParameter, error) { return nil, nil }
