//go:build !linux

package host

import "context"

// Attachable says that only Linux tells of another process's syscalls.
func Attachable(ctx context.Context) Check {
	return Check{ID: "tracefs", TitleKey: "doctor.check.tracefs.title", GivesKey: "doctor.check.tracefs.gives", Status: NotHere, Why: ErrNeedsLinux.Error()}
}

// KernelTLS says that kernel TLS is tried on Linux alone.
func KernelTLS(context.Context) Check {
	return Check{ID: "ktls", TitleKey: "doctor.check.ktls.title", GivesKey: "doctor.check.ktls.gives", Status: NotHere, Why: ErrNeedsLinux.Error()}
}
