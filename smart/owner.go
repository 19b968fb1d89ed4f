package smart

// Owner is the caller who proved to hold the server's token, by whatever protocol, under the name
// that they gave themselves.
func Owner(name string) Caller { return Caller{ID: "token", Name: name, Actions: everything} }
