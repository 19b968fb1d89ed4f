//go:build lab

package lab

import "os"

// Built reports whether the switches work in this build.
const Built = true

// BlobUnsynced leaves out the syncs of blobs.
func BlobUnsynced() bool { return os.Getenv("CHARTLAKE_LAB_BLOB_UNSYNCED") == "1" }

// StoreUnsealed leaves everything in clear, for the price of sealing.
func StoreUnsealed() bool { return os.Getenv("CHARTLAKE_LAB_UNSEALED") == "1" }

// StoreUnaudited leaves the audit trail out, for its price.
func StoreUnaudited() bool { return os.Getenv("CHARTLAKE_LAB_UNAUDITED") == "1" }

// StoreUnsynced leaves out the sync of the database's commits.
func StoreUnsynced() bool { return os.Getenv("CHARTLAKE_LAB_STORE_UNSYNCED") == "1" }
