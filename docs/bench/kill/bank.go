//go:build linux

package main

import (
	"fmt"
	"sync"
	"time"
)

// A transfer is a transaction of three records with its id as key: one in the
// journal, which is partition 0, one for each account in the account's partition.
const (
	inJournal = iota
	debited
	credited
	perTransfer
)

const (
	accounts = 100
	opening  = 1000 // what each account has at first
)

// transfer moves an amount between two accounts.
type transfer struct {
	id               string
	from, to, amount int
	acked            [perTransfer]int64 // offsets that the broker told of its records, -1: none
	told             verdict
}

// verdict is what a producer knows of its transfer.
type verdict int8

const (
	open      verdict = iota // it goes on
	committed                // the broker acknowledged it
	aborted                  // or its abort; or nobody ever asked for a commit
	doubtful                 // a commit was asked for, and there was no answer
)

func (v verdict) String() string {
	return [...]string{"open", "committed", "aborted", "in doubt"}[v]
}

// partitionOf is an account's, of so many in all.
func partitionOf(account, partitions int) int32 { return int32(1 + account%(partitions-1)) }

// partition is where a record of the transfer lies.
func (t transfer) partition(record, partitions int) int32 {
	switch record {
	case debited:
		return partitionOf(t.from, partitions)
	case credited:
		return partitionOf(t.to, partitions)
	}
	return 0
}

// value is a record's: which of the three it is, accounts and amount.
func (t transfer) value(record int) string {
	switch record {
	case debited:
		return fmt.Sprintf("debit %d %d", t.from, -t.amount)
	case credited:
		return fmt.Sprintf("credit %d %d", t.to, t.amount)
	}
	return fmt.Sprintf("journal %d %d %d", t.from, t.to, t.amount)
}

// bank has the transfers that its producers were told of.
type bank struct {
	mu     sync.Mutex
	by     map[string]*transfer
	due    []string // that were decided since the last look
	counts [doubtful + 1]int
	last   time.Time // when the last one was committed
	err    error
}

func newBank() *bank { return &bank{by: map[string]*transfer{}, last: time.Now()} }

func (b *bank) begin(t transfer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.by[t.id] = &t
}

// decide takes what a producer knows in the end.
func (b *bank) decide(t transfer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.by[t.id] = &t
	b.due = append(b.due, t.id)
	b.counts[t.told]++
	if t.told == committed {
		b.last = time.Now()
	}
}

// decided are the transfers that were decided since the last call.
func (b *bank) decided() (all []transfer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range b.due {
		all = append(all, *b.by[id])
	}
	b.due = nil
	return all
}

// all are all transfers, when none goes on.
func (b *bank) all() (all []transfer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.by {
		all = append(all, *t)
	}
	return all
}

func (b *bank) knows(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.by[id] != nil
}

func (b *bank) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
}

// patience is how long the broker may take for any one thing, kills included.
const patience = 30 * time.Second

func (b *bank) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil && time.Since(b.last) > patience {
		return fmt.Errorf("HANGS: no transfer was committed for %v", time.Since(b.last).Round(time.Second))
	}
	return b.err
}

func (b *bank) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprintf("%d transfers committed, %d aborted, %d in doubt", b.counts[committed], b.counts[aborted], b.counts[doubtful])
}
