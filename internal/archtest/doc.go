// Package archtest holds the source tree to the rules of docs/architecture.md
// that a compiler does not know: which package may import which, what the
// simulator must not ask for, what the page's JavaScript must not compute.
//
// Each rule is a function from a file tree to its violations, so that the
// tests can show on a broken tree that it would speak up.
package archtest
