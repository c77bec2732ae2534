// Package sasl is the server's side of the mechanisms by which clients say who
// they are: PLAIN (RFC 4616) and SCRAM (RFC 5802, 7677). It knows the messages
// within a mechanism, and not how they come: package broker carries them.
package sasl
