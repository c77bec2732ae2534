package txn

import "errors"

// What can be wrong with a call. The broker maps these to Kafka's codes.
var (
	ErrID         = errors.New("invalid transactional id")
	ErrTimeout    = errors.New("the transaction timeout is not allowed")
	ErrMapping    = errors.New("the producer id is not that of the transactional id")
	ErrFenced     = errors.New("a newer producer has taken the transactional id")
	ErrConcurrent = errors.New("the producer's last transaction still ends")
	ErrState      = errors.New("the transaction is not in a state that allows this")
	ErrNotFound   = errors.New("there is no such transactional id")
	ErrFull       = errors.New("there are too many transactions")
	ErrStore      = errors.New("the transaction's state could not be stored")
	// ErrRefused: a partition takes the marker neither now nor later, as it has a
	// later epoch of the producer or of its coordinator.
	ErrRefused = errors.New("the partition refuses the end of the transaction")
	ErrClosed  = errors.New("the coordinator is closed")
)
