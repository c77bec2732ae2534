package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// EnsureTopic makes a topic of so many partitions unless there is one of that
// name.
func EnsureTopic(ctx context.Context, brokers, name string, partitions int) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.RequestRetries(2))
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := createTopics(ctx, cl, []string{name}, partitions, nil); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("create a topic on %s: %w", brokers, err)
	}
	_, err = leaders(ctx, cl, name)
	return err
}
