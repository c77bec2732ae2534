//go:build !linux

package host

// Listeners is an error here.
func Listeners() (Listening, error) { return Listening{}, ErrNeedsLinux }
