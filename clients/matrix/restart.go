package main

import (
	"context"
	"errors"
)

// restartRows are what outlives the server's stop, as a client sees it.
func restartRows() []row {
	return []row{{
		client: "franz-go", scenario: "after a restart", files: true, run: franzRestart,
		asserts: "records by hash, a topic's config, a group's committed offset, start after deleted records: as before the stop",
	}}
}

func franzRestart(ctx context.Context, e *env, prefix string) error {
	const topic, group, deleted = "kept", "kept-group", 100
	before, err := e.start(ctx, prefix, nil)
	if err != nil {
		return err
	}
	want, err := func() (string, error) {
		if err := fillSegments(ctx, before.addr, topic); err != nil {
			return "", err
		}
		a, done, err := admin(before.addr)
		if err != nil {
			return "", err
		}
		defer done()
		cut, err := a.DeleteRecords(ctx, offsetsOf(topic, deleted))
		if err == nil {
			err = cut.Error()
		}
		if err := errors.Join(err, commitOffset(ctx, before.addr, group, topic, 42)); err != nil {
			return "", err
		}
		return hash(ctx, before.addr, topic, committedRecords-deleted)
	}()
	if err := errors.Join(err, before.stop()); err != nil {
		return err
	}
	after, err := e.start(ctx, prefix, nil)
	if err != nil {
		return err
	}
	err = func() error {
		got, err := hash(ctx, after.addr, topic, committedRecords-deleted)
		if err := errors.Join(err, expect("hash of the records", want, got)); err != nil {
			return err
		}
		a, done, err := admin(after.addr)
		if err != nil {
			return err
		}
		defer done()
		configs, err := a.DescribeTopicConfigs(ctx, topic)
		if err != nil {
			return err
		}
		one, err := configs.On(topic, nil)
		if err != nil {
			return err
		}
		configured := map[string]string{}
		for _, c := range one.Configs {
			configured[c.Key] = c.MaybeValue()
		}
		for name, want := range segmentConfigs {
			if err := expect(name, want, configured[name]); err != nil {
				return err
			}
		}
		committed, err := a.FetchOffsets(ctx, group)
		if err == nil {
			err = committed.Error()
		}
		o, _ := committed.Lookup(topic, 0)
		return errors.Join(err, expect("committed offset", 42, o.At), expect("its metadata", "at 42", o.Metadata))
	}()
	return errors.Join(err, after.stop())
}
