package host

import "errors"

// ReadProcessUsage reads nothing on Windows.
func ReadProcessUsage() (ProcessUsage, error) {
	return ProcessUsage{}, errors.New("the processor time of this process is read on Unix alone")
}
