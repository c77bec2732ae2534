// Package quota keeps what clients may take: a table of quotas in one file of the
// data directory, under Kafka's names and rules (KIP-13, 124, 546, 599, 612), and
// how much each client took of late. It knows neither the wire nor connections:
// it says how long a client is to wait, and the broker lets it wait.
//
// The lock of [Store] is held by who writes the file. Who reads the table takes
// none: a table is never changed.
package quota
