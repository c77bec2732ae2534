// Package txn coordinates transactions (KIP-98, 360, 890; Kafka's
// TransactionCoordinator.scala, TransactionMetadata.java,
// TransactionStateManager.scala). It knows nothing of requests or partitions: a
// [Participants] ends a transaction in a partition.
//
//	      InitProducerId          add partitions             EndTxn, timeout, fence
//	 ──────────▶ Empty ──────────────▶ Ongoing ─────────────▶ PrepareCommit / PrepareAbort
//	               ▲                      ▲                             │ marker in each partition
//	InitProducerId │                      │ add partitions              ▼
//	               └──────────────────────┴────────── CompleteCommit / CompleteAbort
//
// A step counts when its record is stored (record.go); only then is it answered,
// and the next one begun. Prepare is stored before the first marker is written,
// and Complete after the last: so a start that finds Prepare writes the markers
// again, where they may be missing, and one that finds Ongoing leaves the
// transaction to its timeout.
//
// Epochs keep zombies away. The marker of a transaction has the epoch that its
// producer will use next (KIP-890), or, for clients that do not know that, the
// one it has; a producer that was fenced is behind it.
//
// Time is package time's; nothing here has a goroutine of its own but while a
// timer fires.
//
// Locks: Coordinator.mu and transaction.mu are never held together but in that
// order; transaction.appends is taken before transaction.mu. transaction.mu is
// held during a store, and not while markers are written.
package txn
