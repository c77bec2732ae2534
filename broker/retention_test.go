package broker_test

import (
	"testing"
	"time"

	"copyscope/broker"
)

// Segments are deleted as often as log.retention.check.interval.ms says; by
// default that is after minutes.
func TestRetentionCheckInterval(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) {
		c.Defaults = broker.Defaults{"log.retention.check.interval.ms": "1", "log.segment.bytes": "500", "log.retention.bytes": "500"}
	})
	cl := client(t, b.addr)
	for range 10 {
		produce(t, cl, "t", string(make([]byte, 200)))
	}
	for end := time.Now().Add(20 * time.Second); b.Topics()[0].Partitions[0].Low == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("after 20 s no segment was deleted")
		}
	}
}
