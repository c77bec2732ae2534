//go:build linux

package main

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/victim"
)

const topic = "killed"

// createTopic makes the topic, with segments so small that some kills meet a
// roll, and returns its id.
func createTopic(ctx context.Context, address string, s settings) (id [16]byte, err error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return id, err
	}
	defer cl.Close()
	return victim.CreateTopic(ctx, cl, topic, s.partitions, map[string]string{"segment.bytes": "4194304", "copyscope.append.engine": s.engine})
}
