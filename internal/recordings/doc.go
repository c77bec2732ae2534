// Package recordings holds measured runs of named machines, so that a prediction can
// stand beside a measurement where nothing can be measured: on another operating
// system, without a path's calls, without privileges.
//
// A set is a folder: machine.json says what the machine was, and each run is a trace
// file, compressed. In it what was measured is recorded, what was derived stays
// derived, and each run has the machine's name. `copyscope record` writes
// such a folder; those below data are shipped.
package recordings
