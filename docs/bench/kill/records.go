//go:build linux

package main

import (
	"context"
	"fmt"
)

// records is the load of an idempotent producer and of a group's commits.
type records struct {
	address string
	book    *ledger
	load    *load
	commits *committer
}

func startRecords(ctx context.Context, address string, s settings) (work, error) {
	id, err := createTopic(ctx, address, s)
	if err != nil {
		return nil, err
	}
	r := &records{address: address, book: newLedger(s.partitions)}
	if r.load, err = startLoad(address, r.book); err != nil {
		return nil, err
	}
	if r.commits, err = startCommits(ctx, address, id); err != nil {
		r.load.stop()
		return nil, err
	}
	return r, nil
}

func (r *records) hold() (release func()) {
	r.commits.attempt.Lock()
	return r.commits.attempt.Unlock
}

func (r *records) check(ctx context.Context) error {
	if err := r.book.check(ctx, r.address); err != nil {
		return err
	}
	return r.commits.check(ctx, r.address)
}

func (r *records) failed() error { return r.load.failed() }

func (r *records) finish(ctx context.Context) error { return r.load.finish(ctx) }

func (r *records) whole(ctx context.Context) error {
	r.book.forgetRead()
	if err := r.book.check(ctx, r.address); err != nil {
		return err
	}
	return r.book.complete()
}

func (r *records) stop() {
	r.commits.stop()
	r.load.stop()
}

func (r *records) String() string { return fmt.Sprintf("%s, %s", r.book, r.commits) }
