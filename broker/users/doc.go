// Package users keeps who may come in: a table of names with salted
// credentials, in one file of the data directory. It knows neither the wire nor
// the messages of a mechanism; package sasl speaks those.
//
// A client without an account must not learn which names have one. So every
// question costs the same and gets the same answer for a name that is unknown: a
// credential is made up for it, always the same one (RFC 5802 has no word of
// this; the remedy is the one of PostgreSQL's mock authentication).
package users
