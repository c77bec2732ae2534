// Package transfer holds the transfer programs: the small pieces of code that
// move bytes from a file to a socket. Each is written once, in a file of its
// own, against the [Kernel] interface, and runs unchanged on the modelled
// kernel (package sim), on the measured real kernel and on the serving real
// kernel (package internal/host).
//
// To add a path, add one file with its program, name it in registry.go, and
// teach the kernels the syscalls that it needs; docs/extending.md does so step by
// step.
package transfer
