// Package lab has the switches by which the durability lab takes a safety away, to show that
// it would notice. They are constants in a normal build; only a build with the tag lab reads
// them from the environment.
package lab
