// Package lab runs scenarios on both sides, the modelled kernel and the real
// one, and says what differs.
package lab
