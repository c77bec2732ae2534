//go:build !linux

package broker

// diskSpace is not told here: -1 says that (KIP-827).
func diskSpace(string) (total, usable int64) { return -1, -1 }
