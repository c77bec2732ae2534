// Package group coordinates consumer groups by Kafka's classic protocol
// (GroupCoordinator.scala, GroupMetadata.scala; KIP-62, 345, 394, 429) and keeps
// their offsets. It knows nothing of requests or connections: a call that waits
// for other members waits on a channel until its context ends.
//
//	Empty ──join──▶ PreparingRebalance ──all joined──▶ CompletingRebalance
//	  ▲                  ▲       │                              │
//	  │                  │       │ nobody joined                │ leader's sync
//	  └──────────────────┼───────┘                              ▼
//	                     └────────── join, leave, expiry ──── Stable
//
// What must outlive a restart is stored in the records of Kafka's
// __consumer_offsets before it is acknowledged (record.go).
//
// Time is package time's; nothing here has a goroutine of its own but while a
// timer fires.
//
// Offsets that are committed in a transaction are pending until it ends
// (transaction.go).
//
// Locks: Coordinator.mu is taken before Group.mu and is never held during a
// store; Group.mu is. That of opens is the innermost.
package group
