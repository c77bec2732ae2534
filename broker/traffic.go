package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// Traffic is what the broker has moved since it was opened. It is a small part
// of [Stats], cheap enough to be read ten times a second: it looks into no group.
type Traffic struct {
	Paths []PathStats
	// Fetches and Produces are requests that were answered; BytesIn are the
	// batches that were taken.
	Fetches, Produces, BytesIn int64
}

// Traffic tells what was moved.
func (b *Broker) Traffic() Traffic {
	t := Traffic{Paths: b.counted.pathStats(), Fetches: b.counted.requests[int16(kmsg.Fetch)].answered(),
		Produces: b.counted.requests[int16(kmsg.Produce)].answered()}
	for _, topic := range b.topics.all() {
		t.BytesIn += topic.counted.bytesIn.Load()
	}
	return t
}

// answered is how many requests were answered, of every version.
func (c *requestCounter) answered() (n int64) {
	for i := range c.versions {
		n += c.versions[i].Load()
	}
	return n
}
