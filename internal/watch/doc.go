// Package watch steps through runs in a terminal, with the keys of the scope page:
// up to four lanes, each with its program, its places and its counts.
//
// It draws and does nothing else. What a step shows comes from [web.Steps], which is
// what the page is sent, so the two views cannot tell different things. Meaning is
// carried by words and shapes; colours, which are the terminal's own sixteen, only
// repeat it, so that NO_COLOR and a recording in grey lose nothing.
package watch
