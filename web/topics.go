package web

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/templates"
)

// Broker is what the pages show of the broker.
type Broker interface {
	// Addr is the host:port that clients use.
	Addr() string
	Topics() []Topic
}

// Topic summarises one topic.
type Topic struct {
	Name       string
	Partitions int
	// Records is how many records its partitions hold, Bytes the size of the
	// stored batches, negative if it is not known.
	Records, Bytes int64
	// FetchPath is the transfer program that serves its fetches; empty if that is not
	// known.
	FetchPath string
}

func topicRows(b Broker) []templates.TopicRow {
	out := []templates.TopicRow{}
	for _, t := range b.Topics() {
		out = append(out, templates.TopicRow{
			Name:       t.Name,
			Partitions: strconv.Itoa(t.Partitions),
			Records:    humanize.Comma(t.Records),
			Size:       sizeOrUnknown(t.Bytes),
			Path:       cmp.Or(t.FetchPath, "–"),
		})
	}
	return out
}

// topicList is the body of live.topics.
type topicList struct {
	Topics []templates.TopicRow `json:"topics"`
}

// watchTopics publishes the topics when they change, until the channel is
// closed.
func watchTopics(b Broker, feed *Feed, every time.Duration, stop <-chan struct{}, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	known := topicRows(b)
	for {
		select {
		case <-tick.C:
		case <-stop:
			return
		}
		if now := topicRows(b); !slices.Equal(now, known) {
			known = now
			if err := feed.publish("live.topics", topicList{now}); err != nil {
				failed(err)
			}
		}
	}
}
