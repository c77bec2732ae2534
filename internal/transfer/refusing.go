package transfer

import "syscall"

// Refusing answers ENOSYS to every call. A kernel that lacks some embeds it.
type Refusing struct{}

var _ Kernel = Refusing{}

func (Refusing) Alloc(int) (Mem, error)                                  { return Mem{}, syscall.ENOSYS }
func (Refusing) Free(Mem)                                                {}
func (Refusing) Read(Label, FD, Mem, *int64) (int, error)                { return 0, syscall.ENOSYS }
func (Refusing) Write(Label, FD, Mem) (int, error)                       { return 0, syscall.ENOSYS }
func (Refusing) Mmap(Label, FD, int64, int) (Mem, error)                 { return Mem{}, syscall.ENOSYS }
func (Refusing) Munmap(Label, Mem) error                                 { return syscall.ENOSYS }
func (Refusing) Sendfile(_ Label, _, _ FD, _ *int64, _ int) (int, error) { return 0, syscall.ENOSYS }
func (Refusing) Pipe(Label, int) (PipeEnds, error)                       { return PipeEnds{}, syscall.ENOSYS }
func (Refusing) Splice(Label, FD, *int64, FD, int, bool) (int, error)    { return 0, syscall.ENOSYS }
func (Refusing) Close(Label, FD) error                                   { return syscall.ENOSYS }
func (Refusing) Wait(Label, FD, Direction) error                         { return syscall.ENOSYS }
func (Refusing) Touch(Label, Mem) error                                  { return syscall.ENOSYS }
func (Refusing) Tee(_ Label, _, _ FD, _ int) (int, error)                { return 0, syscall.ENOSYS }
func (Refusing) OpenDirect(Label, FD) (FD, error)                        { return 0, syscall.ENOSYS }
func (Refusing) EnableZerocopy(Label, FD) error                          { return syscall.ENOSYS }
func (Refusing) SendZerocopy(Label, FD, Mem) (int, error)                { return 0, syscall.ENOSYS }
func (Refusing) Completed(Label, FD) (Completion, error)                 { return Completion{}, syscall.ENOSYS }
func (Refusing) OpenRing(Label, int) (FD, error)                         { return 0, syscall.ENOSYS }
func (Refusing) Enter(Label, FD, []RingOp) ([]RingResult, error)         { return nil, syscall.ENOSYS }
func (Refusing) EnableTLS(Label, FD) error                               { return syscall.ENOSYS }
func (Refusing) Encrypt(_ Label, _, _ Mem) (int, error)                  { return 0, syscall.ENOSYS }
func (Refusing) Compress(_ Label, _, _ Mem) (int, error)                 { return 0, syscall.ENOSYS }
