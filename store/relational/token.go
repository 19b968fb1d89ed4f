package relational

// Seal seals a token for the actor.
func (v *view) Seal(plain []byte, about string) string {
	return v.s.Keys.Seal(plain, v.tokenFor(about))
}

// Unseal opens a token of the actor.
func (v *view) Unseal(token, about string) ([]byte, error) {
	return v.s.Keys.Open(token, v.tokenFor(about))
}

func (v *view) tokenFor(about string) string { return "token\x00" + v.actor.ID + "\x00" + about }
