//go:build !lab

package lab

// Built reports whether the switches work in this build.
const Built = false

// BlobUnsynced leaves out the syncs of blobs.
func BlobUnsynced() bool { return false }

// StoreUnsealed leaves everything in clear, for the price of sealing.
func StoreUnsealed() bool { return false }

// StoreUnaudited leaves the audit trail out, for its price.
func StoreUnaudited() bool { return false }

// StoreUnsynced leaves out the sync of the database's commits.
func StoreUnsynced() bool { return false }
