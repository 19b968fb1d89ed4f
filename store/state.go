package store

// moves is the table of legal moves of a document; docs/design/life-of-a-document.md §2 says
// who makes which. Every store refuses a move that is not here.
var moves = map[State][]State{
	Received:    {Reading, Failed, Rejected},
	Reading:     {Understood, Failed},
	Understood:  {Filed, NeedsReview, Held, Failed},
	Held:        {NeedsReview, Filed, Rejected, Received},
	NeedsReview: {Filed, Held, Rejected, Received},
	Filed:       {NeedsReview, Held, Rejected, Received},
	Failed:      {Rejected, Received},
	Rejected:    {NeedsReview, Filed, Held, Failed, Received},
}

// Legal reports whether a document may go from one state to another. A settled document may
// be moved to the state that it is in: its row is brought up to date (code, question, Set),
// and its history gets no line.
func Legal(from, to State) bool {
	if from == to {
		return from.Settled()
	}
	for _, s := range moves[from] {
		if s == to {
			return true
		}
	}
	return false
}

// States lists every state in the order of a document's way.
func States() []State {
	return []State{Received, Reading, Understood, NeedsReview, Filed, Held, Failed, Rejected}
}
