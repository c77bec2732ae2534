package host

import (
	"os"
	"strconv"
	"strings"
)

// pipeMaxSize is the capacity that a pipe may have without CAP_SYS_RESOURCE,
// in bytes; 0 if the kernel does not tell.
func pipeMaxSize() int { return int(readNumber("/proc/sys/fs/pipe-max-size")) }

// readText reads a file of one line; empty if it cannot.
func readText(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// readNumber reads a file that holds one decimal number; 0 if it cannot.
func readNumber(path string) int64 {
	n, _ := strconv.ParseInt(readText(path), 10, 64)
	return n
}
