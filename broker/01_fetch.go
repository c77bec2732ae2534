package broker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/wire"
	"copyscope/internal/transfer"
)

func init() { register(kmsg.Fetch, wire.MinFetchVersion, wire.MaxFetchVersion, serveFetch) }

// Fetch, API key 1, versions 4 to 18; from 13 on topics are named by id
// (KIP-516).
//
// The answer's records are regions of the partitions' files, sent by the
// topic's transfer program (send.go); with sendfile they never are in this
// process's memory. The first region holds at least one whole batch, whatever
// the limits say (KIP-74); the last batch of a region may be cut, which clients
// expect. A client that is over its quota gets nothing, and waits.
//
// Sessions (KIP-227) are not kept: the answer's session id is 0, which makes
// clients send full requests. Readers of what is committed (isolation level 1) get
// regions that end before the last stable offset, and in the header the aborted
// transactions, whose records they leave out themselves (KIP-98). Ignored: replica
// id, log start offset, rack, forgotten topics. Source: FetchRequest.json,
// FetchResponse.json.
func serveFetch(c *connection, ctx context.Context, r request) error {
	req, err := decode[*kmsg.FetchRequest](r)
	if err != nil {
		return err
	}
	nameOnce(req)
	f, err := c.fetch(ctx, req)
	defer f.release()
	if err != nil {
		return err
	}
	pieces, err := f.resp.Layout(r.Version, r.Correlation)
	if err != nil {
		return err
	}
	if c.chargeFetch(f.bytes + wire.HeadBytes(pieces)) {
		f.release()
		f.resp = wire.FetchResponse{ThrottleMillis: c.use.throttleMs()}
		if pieces, err = f.resp.Layout(r.Version, r.Correlation); err != nil {
			return err
		}
	}
	c.b.countFetch(f.resp)
	return c.sendPieces(pieces, f.regions, c.clientName(r.ClientID))
}

// nameOnce leaves each partition where it comes first, as Kafka answers it once
// (FetchRequest.fetchData): while a fetch waits, each append has all that it names
// looked at.
func nameOnce(req *kmsg.FetchRequest) {
	if len(req.Topics) == 1 && len(req.Topics[0].Partitions) == 1 {
		return
	}
	type place struct {
		topic     string
		id        topicID
		partition int32
	}
	named := map[place]struct{}{}
	for i := range req.Topics {
		t := &req.Topics[i]
		t.Partitions = slices.DeleteFunc(t.Partitions, func(p kmsg.FetchRequestTopicPartition) bool {
			at := place{t.Topic, t.TopicID, p.Partition}
			_, again := named[at]
			named[at] = struct{}{}
			return again
		})
	}
}

const (
	// maxFetchBytes bounds an answer (Kafka: the broker's fetch.max.bytes).
	maxFetchBytes = 55 << 20
	// maxFetchWait bounds how long a fetch may wait: a client whose machine is
	// gone says no farewell.
	maxFetchWait = time.Minute
)

// fetched is an answer in the making.
type fetched struct {
	resp    wire.FetchResponse
	regions []region
	bytes   int64
	failed  bool
	// full: a batch did not fit into what the answer may still hold. What follows
	// is not looked for: for each of thousands of partitions that would be a file.
	full bool
}

// release lets go of the segments.
func (f *fetched) release() {
	for _, r := range f.regions {
		r.Release()
	}
	f.regions = nil
}

// done says that nothing is to be waited for.
func (f *fetched) done(enough int64) bool { return f.failed || f.full || f.bytes >= enough }

// region is what is sent for one partition.
type region struct {
	log.Region
	topic     string
	partition int32
	program   transfer.Program
}

// fetch waits until there are MinBytes, or something failed, or MaxWaitMillis
// are over, or the client has left.
func (c *connection) fetch(ctx context.Context, req *kmsg.FetchRequest) (fetched, error) {
	b := c.b
	if req.Version >= 7 && (req.SessionID != 0 || req.SessionEpoch > 0) {
		return fetched{resp: wire.FetchResponse{ErrorCode: codeSessionIDNotFound}}, nil
	}
	limit := c.mostFetched(min(int64(req.MaxBytes), maxFetchBytes))
	enough := min(int64(req.MinBytes), limit)
	f, err := b.collect(ctx, req, limit)
	if err != nil {
		return f, err
	}
	wait := min(time.Duration(req.MaxWaitMillis)*time.Millisecond, maxFetchWait)
	if f.done(enough) || wait <= 0 {
		return f, nil
	}
	ctx, stop := c.attended(ctx)
	defer stop()
	appended := make(chan struct{}, 1)
	defer b.watch(req, appended)()
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		// Collected again after the watch began: an append in between counts.
		f.release()
		if f, err = b.collect(ctx, req, limit); err != nil || f.done(enough) {
			return f, err
		}
		c.use.pause()
		select {
		case <-appended:
		case <-over.C:
			c.use.resume()
			return f, nil
		case <-ctx.Done():
			c.use.resume()
			return f, nil
		}
		c.use.resume()
	}
}

// watch signals appends to any partition of the request, until stop is called.
func (b *Broker) watch(req *kmsg.FetchRequest, appended chan<- struct{}) (stop func()) {
	var stops []func()
	for _, t := range req.Topics {
		in, _ := b.named(t.Topic, t.TopicID)
		for _, p := range t.Partitions {
			if of := in.partition(p.Partition); of != nil {
				stops = append(stops, of.Watch(appended))
			}
		}
	}
	return func() {
		for _, s := range stops {
			s()
		}
	}
}

// collect finds what can be sent now. It fails only when the context ends.
func (b *Broker) collect(ctx context.Context, req *kmsg.FetchRequest, limit int64) (fetched, error) {
	f := fetched{resp: wire.FetchResponse{Topics: make([]wire.FetchTopic, 0, len(req.Topics))}}
	for _, t := range req.Topics {
		out := wire.FetchTopic{Name: t.Topic, ID: t.TopicID, Partitions: make([]wire.FetchPartition, 0, len(t.Partitions))}
		in, unknown := b.named(t.Topic, t.TopicID)
		for _, p := range t.Partitions {
			if err := ctx.Err(); err != nil {
				return f, err
			}
			if in == nil {
				f.failed = true
				out.Partitions = append(out.Partitions, wire.FetchPartition{Index: p.Partition, ErrorCode: unknown, HighWatermark: -1, LogStart: -1, LastStable: -1})
				continue
			}
			left := limit - f.bytes
			if f.full {
				left = 0
			}
			out.Partitions = append(out.Partitions, f.add(b, in, p, left, req.IsolationLevel == readCommitted))
		}
		f.resp.Topics = append(f.resp.Topics, out)
	}
	return f, nil
}

// add finds what can be sent of one partition, at most limit bytes unless
// nothing was found before; of what is committed alone, if the reader wants that.
func (f *fetched) add(b *Broker, t *topic, p kmsg.FetchRequestTopicPartition, limit int64, committed bool) wire.FetchPartition {
	out := wire.FetchPartition{Index: p.Partition, HighWatermark: -1, LogStart: -1, LastStable: -1}
	from, code := t.lookup(p.Partition)
	if from == nil {
		f.failed, out.ErrorCode = true, code
		return out
	}
	if code := checkLeaderEpoch(from, p.CurrentLeaderEpoch); code != codeNone {
		f.failed, out.ErrorCode = true, code
		return out
	}
	if out.Diverging = diverging(from, p); out.Diverging != nil {
		f.failed = true
		out.LogStart, out.HighWatermark = from.Offsets()
		out.LastStable = from.LastStable()
		return out
	}
	r, aborted, err := read(from, p.FetchOffset, min(int64(p.PartitionMaxBytes), limit), f.bytes == 0, committed)
	out.LogStart, out.HighWatermark = from.Offsets()
	out.LastStable = min(from.LastStable(), out.HighWatermark)
	out.Aborted = aborted
	if err != nil {
		f.failed, out.ErrorCode = true, t.failure(b.log, err, p.Partition)
		if !errors.Is(err, log.ErrOffset) {
			out.HighWatermark, out.LogStart, out.LastStable = -1, -1, -1
		}
		return out
	}
	if r.Bytes == 0 {
		r.Release()
		end := out.HighWatermark
		if committed {
			end = out.LastStable
		}
		f.full = f.full || f.bytes > 0 && p.FetchOffset < end && limit <= int64(p.PartitionMaxBytes)
		return out
	}
	out.Bytes, out.Region = r.Bytes, len(f.regions)
	f.regions = append(f.regions, region{r, t.name, p.Partition, t.configs.Load().program()})
	f.bytes += r.Bytes
	return out
}

// readCommitted is the isolation level of readers that want nothing of open and
// aborted transactions (KIP-98).
const readCommitted = 1

// read finds a region of a partition.
func read(from *log.Partition, offset, limit int64, whole, committed bool) (log.Region, []wire.AbortedTxn, error) {
	if !committed {
		r, err := from.Read(offset, limit, whole)
		return r, nil, err
	}
	r, all, err := from.ReadCommitted(offset, limit, whole)
	aborted := make([]wire.AbortedTxn, len(all))
	for i, a := range all {
		aborted[i] = wire.AbortedTxn{ProducerID: a.ProducerID, First: a.First}
	}
	return r, aborted, err
}

// diverging is where the reader's log parts from this one, if it does: the
// epoch of the last record that it has ends before its offset here (KIP-595;
// Partition.scala, readRecords). Consumers do not say which epoch that is.
func diverging(from *log.Partition, p kmsg.FetchRequestTopicPartition) *wire.EpochEnd {
	if p.LastFetchedEpoch < 0 {
		return nil
	}
	epoch, end := from.EpochEnd(p.LastFetchedEpoch)
	if epoch < p.LastFetchedEpoch || end < p.FetchOffset {
		return &wire.EpochEnd{Epoch: epoch, Offset: end}
	}
	return nil
}

// checkLeaderEpoch compares the epoch that a client believes in with the
// partition's (KIP-320); -1 is a client without one.
func checkLeaderEpoch(of *log.Partition, epoch int32) int16 {
	switch now := of.Epoch(); {
	case epoch == -1 || epoch == now:
		return codeNone
	case epoch < now:
		return codeFencedLeaderEpoch
	}
	return codeUnknownLeaderEpoch
}
