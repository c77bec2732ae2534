package broker

import (
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

const (
	propertyRetentionCheck = "log.retention.check.interval.ms"
	propertyProducerExpiry = "producer.id.expiration.ms"
)

// logProperties are those of all logs that no topic has of its own.
var logProperties = []Property{
	{propertyRetentionCheck, "300000", "How often it is looked for segments to delete by retention, in ms.", kmsg.ConfigTypeLong, number(1, math.MaxInt64/int64(time.Millisecond))},
	{propertyProducerExpiry, "86400000", "How long a partition knows an idempotent producer that does not produce to it, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
}

// logs are the options of the data directory that properties set.
func (d Defaults) logs() log.DirOptions {
	ms := func(name string) time.Duration { return time.Duration(d.int(name)) * time.Millisecond }
	return log.DirOptions{Cleaner: d.cleaner(), RetentionCheck: ms(propertyRetentionCheck), ProducerExpiry: ms(propertyProducerExpiry)}
}
