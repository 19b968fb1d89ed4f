//go:build lab

package folder

import "os"

// negativeControl leaves out every sync of blobs, so that the power-cut lab can show that it
// would notice. Only a build with the tag lab has it.
func negativeControl() bool { return os.Getenv("CHARTLAKE_LAB_BLOB_UNSYNCED") == "1" }
