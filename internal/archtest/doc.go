// Package archtest proves the architecture: which folder may import which, and that the
// stages that read and understand documents cannot reach a network.
package archtest
