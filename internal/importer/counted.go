package importer

import "fmt"

// Counted is a sentence about n things: one of its own for a single thing, else many,
// with a verb for the number.
func Counted(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
