// Package talkfeed keeps a talk's room in a topic of a Kafka cluster, so that any
// number of servers give one talk: its one partition is the room's log. What
// somebody does at a server is a record; a server applies records when it reads
// them, in the partition's order, so all servers have the same room, and the offset
// of a record names a step for whoever comes back to another server.
//
// Who may write to the topic need not be trusted: a record carries a MAC that only
// servers with the speaker's token can make, and the number that its server gave it,
// so that a forged, changed or repeated record is passed over. The token itself, the
// audience's cookies and the speaker's pages are in no record.
package talkfeed
