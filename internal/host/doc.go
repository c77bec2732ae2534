// Package host holds the real kernel: the implementations of
// [transfer.Kernel] that make real syscalls, and what watches them.
//
//   - [Serving] runs on Go's poller, for the broker's fetch path at full speed.
//     It reports one [Summary] per response. [ServingSealed] does the same for
//     TLS, whose write calls it counts beneath the layer ([Beneath]).
//   - [Measured] makes blocking calls on a locked thread, with the witness
//     around each call, and emits events in real time.
//   - [Run] is the experiment (one program over loopback), [Alias] the probe
//     that shows who copies and who lends, [Doctor] what this host can witness.
//   - [Sampler] reads procfs once a second for the live page.
//
// Linux is home. Elsewhere the serving kernel moves bytes by the portable copy
// path, and the rest returns [ErrNeedsLinux].
package host

import "errors"

// ErrNeedsLinux is what everything returns that looks into the kernel when it
// is called on another operating system.
var ErrNeedsLinux = errors.New("needs Linux: the simulator, the pages and the copy path of the broker work here, real measurements do not")
