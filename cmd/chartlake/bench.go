package main

// benchCommand is `chartlake bench`.
type benchCommand struct{}
