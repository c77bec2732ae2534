// Package copysample tells what part of a thread's processor time goes into copying
// payload: it samples the thread's clock with the kernel's call chain and attributes
// each sample by the functions in it. That is a witness of its own, which knows nothing
// of what the calls returned.
package copysample
