//go:build linux && !amd64

package attach

var legacyNumbers []numbered
