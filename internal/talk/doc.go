// Package talk is what a talk is made of: the deck, which is a file, and the
// room, which is the state that a speaker changes and an audience follows. It
// knows neither pages nor connections.
package talk
