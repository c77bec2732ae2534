// Package trace is the vocabulary that every part of copyscope speaks: the
// events of a run, the counts computed from them, the provenance that every
// number carries, and the comparison of a prediction with a measurement.
//
// A run is an ordered list of [Event]. Timeline, scoreboard, table, narration
// and export are views of that list and hold no second copy of the truth:
// whatever number a view shows is computed here, by [Counter], from events.
//
// A run of thousands of events is a [Run]; one of millions is told to a [Log],
// which packs each event and has the counts at any step.
//
// Units: every time is in nanoseconds since the run began ([Ns]), every size
// in bytes. Virtual (modelled) and real (measured) nanoseconds share the type;
// the event's [Provenance] tells them apart.
package trace
