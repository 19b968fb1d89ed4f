package smart

// Owner is the caller who proved to hold the server's token, by whatever protocol, under the name
// that they gave themselves.
func Owner(name string) Caller { return Caller{ID: "token", Name: name, Actions: everything} }

// Operator is the person at the command line of the machine that has the data folder.
func Operator() Caller {
	return Caller{ID: "operator", Name: "operator at the command line", Actions: everything}
}
