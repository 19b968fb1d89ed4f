//go:build !lab

package folder

// negativeControl is never on in a normal build; see control_lab.go.
func negativeControl() bool { return false }
