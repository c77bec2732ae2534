// Package group coordinates groups and keeps their offsets. It knows nothing of
// requests or connections.
//
// A group is of one of two types. The members of a classic group assign
// (GroupCoordinator.scala, GroupMetadata.scala; KIP-62, 345, 394, 429): a call that
// waits for others waits on a channel until its context ends.
//
//	Empty ──join──▶ PreparingRebalance ──all joined──▶ CompletingRebalance
//	  ▲                  ▲       │                              │
//	  │                  │       │ nobody joined                │ leader's sync
//	  └──────────────────┼───────┘                              ▼
//	                     └────────── join, leave, expiry ──── Stable
//
// In a group of type Consumer the broker assigns (KIP-848; modern.go, and from
// there consumerheartbeat.go, topicmatch.go, modernchange.go, reconcile.go), and
// nobody waits. Empty groups change their type, and others while their clients are
// changed one by one (convert.go, mixed.go).
//
// What must outlive a restart is stored in the records of Kafka's
// __consumer_offsets before it is acknowledged (record.go,
// modernrecord.go).
//
// Time is package time's; nothing here has a goroutine of its own but while a
// timer fires.
//
// Offsets that are committed in a transaction are pending until it ends
// (transaction.go).
//
// Locks: Coordinator.mu is taken before Group.mu and is never held during a
// store; Group.mu is. That of opens is the innermost. What locks a group for a call
// lets go of it by defer: a bug that ends one connection leaves the group to others.
package group
