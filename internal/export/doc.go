// Package export writes a run in formats of others: Chrome Trace Event JSON, which
// Perfetto opens; CSV; an SVG timeline; an HTML page that stands alone.
//
// Each is a view of the run's event list, and computes nothing that the list does
// not say: counts come from [trace.Run], sentences from whoever tells them
// ([PageOptions]).
package export
