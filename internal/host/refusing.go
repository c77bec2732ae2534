package host

import (
	"syscall"

	"copyscope/internal/transfer"
)

// refusing is embedded by kernels that copy through user memory: the calls that
// make other paths possible return ENOSYS.
type refusing struct{}

func (refusing) Mmap(transfer.Label, transfer.FD, int64, int) (transfer.Mem, error) {
	return transfer.Mem{}, syscall.ENOSYS
}

func (refusing) Munmap(transfer.Label, transfer.Mem) error { return syscall.ENOSYS }

func (refusing) Sendfile(transfer.Label, transfer.FD, transfer.FD, *int64, int) (int, error) {
	return 0, syscall.ENOSYS
}

func (refusing) Pipe(transfer.Label, int) (transfer.PipeEnds, error) {
	return transfer.PipeEnds{}, syscall.ENOSYS
}

func (refusing) Splice(transfer.Label, transfer.FD, *int64, transfer.FD, int, bool) (int, error) {
	return 0, syscall.ENOSYS
}
