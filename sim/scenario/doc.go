// Package scenario runs what small files describe on the modelled computer: its
// machine, its files, and threads that read, append and send, by the transfer
// programs of internal/transfer. docs/scenarios.md has the format.
package scenario
