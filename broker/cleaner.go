package broker

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

// CleanerStats are what the log cleaner did.
type CleanerStats = log.CleanerStats

// The settings of the log cleaner (CleanerConfig.java).
const (
	propertyCleaner        = "log.cleaner.enable"
	propertyCleanerBackoff = "log.cleaner.backoff.ms"
	propertyCleanerMemory  = "log.cleaner.dedupe.buffer.size"
	propertyCleanerLoad    = "log.cleaner.io.buffer.load.factor"
	propertyCleanerBytes   = "log.cleaner.io.max.bytes.per.second"
	propertyCleanerThreads = "log.cleaner.threads"
)

var cleanerProperties = []Property{
	{propertyCleaner, "true", "Whether compacted logs are cleaned.", kmsg.ConfigTypeBoolean, boolean},
	{propertyCleanerBackoff, "15000", "How long the log cleaner waits when there is nothing to clean, or after an error, in ms.", kmsg.ConfigTypeLong, number(1, math.MaxInt32)},
	{propertyCleanerMemory, "134217728", "The largest memory for the keys of one cleaning, in bytes, 24 for each key. What does not fit is cleaned in the next one.", kmsg.ConfigTypeLong, number(1<<20, 1<<40)},
	{propertyCleanerLoad, "0.9", "How full that memory may get, 0.1 to 0.99.", kmsg.ConfigTypeDouble, loadFactor},
	{propertyCleanerBytes, "6.0E8", "How many bytes the log cleaner reads and writes in a second, at most. Without a limit, which is Kafka's default, fetches wait for it.", kmsg.ConfigTypeDouble, positive},
	{propertyCleanerThreads, "1", "How many logs are cleaned at a time. No other value is possible.", kmsg.ConfigTypeInt, checkCleanerThreads},
}

func loadFactor(value string) error {
	if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 0.1 && n <= 0.99) {
		return fmt.Errorf("%.100q is not a number from 0.1 to 0.99", value)
	}
	return nil
}

func positive(value string) error {
	if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 1) || math.IsInf(n, 0) {
		return fmt.Errorf("%.100q is not a number from 1 to %g", value, math.MaxFloat64)
	}
	return nil
}

func checkCleanerThreads(value string) error {
	if value != "1" {
		return fmt.Errorf("%.100q: one log is cleaned at a time; the only value is \"1\"", value)
	}
	return nil
}

// cleaner are the settings. The offsets of consumer groups are not cleaned: their
// coordinator cuts that log itself.
func (d Defaults) cleaner() log.CleanerOptions {
	float := func(name string) float64 {
		n, _ := strconv.ParseFloat(d.get(name), 64)
		return n
	}
	return log.CleanerOptions{
		Off: !d.bool(propertyCleaner), Memory: int64(d.int(propertyCleanerMemory)), Load: float(propertyCleanerLoad),
		BytesPerSec: float(propertyCleanerBytes), Backoff: time.Duration(d.int(propertyCleanerBackoff)) * time.Millisecond,
		Skip: func(topic string) bool { return topic == offsetsTopic },
	}
}
