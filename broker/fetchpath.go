package broker

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// FetchPaths are the transfer programs that a topic's fetches can go by: the
// values of copyscope.fetch.path.
func FetchPaths() []string { return fetchPaths() }

// AlterFetchPath sets the copyscope.fetch.path of a topic, as a client's
// IncrementalAlterConfigs does: it is in force for the next fetch, and stored.
// An empty path goes back to the broker's default. before is the topic's own
// setting until then, empty where it had none, so that it can be put back.
func (b *Broker) AlterFetchPath(ctx context.Context, topic, path string) (before string, err error) {
	change := configChange{resourceName{kmsg.ConfigResourceTypeTopic, topic}, func(now topicConfigs) (topicConfigs, error) {
		before = now.set[configFetchPath]
		if path == "" {
			return now.with(configFetchPath, nil)
		}
		return now.with(configFetchPath, &path)
	}}
	answers, err := b.alter(ctx, []configChange{change}, false)
	if err != nil {
		return before, err
	}
	if refused := answers[0].refused; refused != nil {
		_, message := refused.told()
		return before, errors.New(*message)
	}
	return before, nil
}
