package talkfeed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/talk"
)

// found is the room that the topic has for this token, as far as it has been read.
type found struct {
	talk.Joined
	begin *begin // nil: none
}

// Join reads the topic to its end, for the newest room of this token, and begins one
// if there is none, or if a new one is wanted. Of servers that find none at the same
// time all have the first that is begun.
func (f *Feed) Join(ctx context.Context, print talk.Print) (talk.Joined, error) {
	own := record{Room: rand.Text(), Begin: &begin{Code: talk.NewCode(), Deck: print.Deck, Runs: print.Runs, Version: print.Version, At: time.Now().UnixMilli(), New: f.config.New}}
	first := own
	if !f.config.New {
		// It says that this server may write, and its offset where to read to: the
		// topic's end may be a mark of some transaction, which is never read.
		first = record{Event: &talk.Event{Kind: talk.Here, At: own.Begin.At}}
	}
	var room found
	if err := f.writeAndRead(ctx, first, &room); err != nil {
		return talk.Joined{}, err
	}
	if room.begin == nil {
		if err := f.writeAndRead(ctx, own, &room); err != nil {
			return talk.Joined{}, err
		}
	}
	at := room.begin
	switch {
	case at == nil:
		return talk.Joined{}, fmt.Errorf("feed %s: the room that was begun cannot be read back", f.config.Address)
	case at.Deck != print.Deck:
		return talk.Joined{}, fmt.Errorf("feed %s: its room %s was begun with another deck: SHA-256 %s there, %s here; give all servers the same deck, or begin a new room with --new", f.config.Address, at.Code, at.Deck, print.Deck)
	case at.Runs != print.Runs:
		return talk.Joined{}, fmt.Errorf("feed %s: the servers of its room %s show other runs of the same deck: SHA-256 %s there (copyscope %s), %s here (copyscope %s); give all servers the same version, or begin a new room with --new",
			f.config.Address, at.Code, at.Runs, at.Version, print.Runs, print.Version)
	}
	f.room = room.Room
	return room.Joined, nil
}

// writeAndRead writes a record and reads until it comes back.
func (f *Feed) writeAndRead(ctx context.Context, r record, room *found) error {
	f.number++ // nobody sends yet
	r.Server, r.Number = f.server, f.number
	raw, err := f.keys.seal(r)
	if err != nil {
		return err
	}
	in, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	if err := f.client.ProduceSync(in, raw).FirstErr(); err != nil {
		return fmt.Errorf("feed %s: a record cannot be written: %w; the user needs the rights Describe, Read and Write on the topic, and IdempotentWrite on clusters before Kafka 2.8", f.config.Address, err)
	}
	for last := int64(-1); last < raw.Offset; {
		if err := f.poll(ctx, func(raw *kgo.Record) error {
			last = raw.Offset
			if r, ok := f.check(raw); ok {
				room.take(raw.Offset, r, f.server)
			}
			return nil
		}); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (room *found) take(offset int64, r record, server string) {
	switch {
	case r.Begin != nil && (room.begin == nil || r.Begin.New):
		*room = found{talk.Joined{Room: r.Room, Code: r.Begin.Code, Begun: offset}, r.Begin}
	case r.Event != nil && room.begin != nil && r.Room == room.Room:
		room.Past = append(room.Past, talk.Entry{Offset: offset, Server: r.Server, Own: r.Server == server, Event: *r.Event})
	}
}

// check opens a record, and passes over what is none of a server with this token, or
// comes again.
func (f *Feed) check(raw *kgo.Record) (record, bool) {
	r, err := f.keys.open(raw)
	if err == nil && r.Number <= f.numbers[r.Server] {
		err = repeated
	}
	if err == nil {
		f.numbers[r.Server] = r.Number
		return r, true
	}
	var why foreign
	if errors.As(err, &why) && !f.passed[why] {
		f.passed[why] = true // once: a stranger must not fill the log
		f.config.Log.Warn("talk: records in the feed are passed over", "why", err, "first", raw.Offset)
	}
	return r, false
}

// poll waits for records and gives them, in order, until take refuses. It returns
// without any when ctx ends. What it passes over cannot be read, ever.
func (f *Feed) poll(ctx context.Context, take func(*kgo.Record) error) error {
	fetches := f.client.PollFetches(ctx)
	if ctx.Err() != nil {
		return nil
	}
	var refused error
	fetches.EachRecord(func(raw *kgo.Record) {
		if refused == nil {
			refused = take(raw)
		}
	})
	if refused != nil {
		return refused
	}
	for _, e := range fetches.Errors() {
		var large *kgo.ErrDecompressTooLarge
		var lost *kgo.ErrDataLoss
		switch {
		case errors.As(e.Err, &large):
			f.config.Log.Warn("talk: a batch in the feed is passed over that unpacks to more than any server writes", "first", large.Offset)
			f.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{f.config.Address.Topic: {0: {Epoch: large.Epoch, Offset: large.NextOffset}}})
		case errors.Is(e.Err, kerr.OffsetOutOfRange), errors.As(e.Err, &lost), errors.Is(e.Err, kgo.ErrClientClosed):
			return fmt.Errorf("feed %s: the topic does not have any more what was read of it: %w; start the servers anew, with --new if the room is gone", f.config.Address, e.Err)
		default:
			f.config.Log.Warn("talk: the feed cannot be read; it is tried again", "err", e.Err)
			select {
			case <-ctx.Done():
			case <-time.After(longestPause):
			}
		}
	}
	return nil
}
