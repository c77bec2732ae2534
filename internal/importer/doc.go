// Package importer makes a timeline in the common vocabulary of what another
// program traced. Its folders read one format each: strace's text, perf's.
//
// A reader tells calls ([Timeline.Call]) and what else it saw ([Timeline.Add]); the
// timeline derives, by one rule for each call, what the call moved between
// which places, and counts. It keeps events only if it is asked to, so that
// a trace of any length is counted in constant memory.
//
// What was not understood is told and never left out in silence: each run of
// such lines is an event of detail "gap", and [Gaps] has their number and the
// first of them.
package importer
