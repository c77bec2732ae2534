package talkfeed

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/talk"
)

// Follow calls take with each event of the room after those that Join has given, in
// the log's order, until ctx ends. It returns an error when the log cannot be
// followed any more: it was cut, or a new room was begun in it.
func (f *Feed) Follow(ctx context.Context, take func(talk.Entry) error) error {
	for ctx.Err() == nil {
		err := f.poll(ctx, func(raw *kgo.Record) error {
			r, ok := f.check(raw)
			switch {
			case !ok:
			case r.Begin != nil && r.Begin.New && r.Room != f.room:
				return fmt.Errorf("feed %s: the room %s was begun with --new, so the one of this server is over; start it anew, without --new, to serve that", f.config.Address, r.Begin.Code)
			case r.Event != nil && r.Room == f.room:
				own := r.Server == f.server
				err := take(talk.Entry{Offset: raw.Offset, Server: r.Server, Own: own, Event: *r.Event})
				if own {
					f.tell(r.Number, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Send writes an event to the log, without waiting; done is told when it has come
// back and was applied, or that it is lost.
func (f *Feed) Send(e talk.Event, done func(error)) {
	f.sending.Lock()
	defer f.sending.Unlock()
	f.number++
	number := f.number
	raw, err := f.keys.seal(record{Room: f.room, Server: f.server, Number: number, Event: &e})
	if err != nil {
		done(err)
		return
	}
	f.mu.Lock()
	f.waiting[number] = done
	f.mu.Unlock()
	f.client.TryProduce(context.Background(), raw, func(_ *kgo.Record, err error) {
		if err != nil {
			f.config.Log.Debug("talk: an event could not be written", "err", err)
			f.tell(number, fmt.Errorf("%w: %w", talk.ErrLost, err))
		}
	})
}

// tell says what became of an event, to who waits for it.
func (f *Feed) tell(number uint64, err error) {
	f.mu.Lock()
	done := f.waiting[number]
	delete(f.waiting, number)
	f.mu.Unlock()
	if done != nil {
		done(err)
	}
}
