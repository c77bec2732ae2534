package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"copyscope/broker"
)

// Of the log cleaner, as kafka.log:type=LogCleaner and LogCleanerManager; Kafka has
// no counts of runs and bytes.
var (
	cleanerDirtiest = desc("kafka_log_logcleanermanager_max_dirty_percent", "Largest part of a compacted partition that is dirty, in percent, at the cleaner's last look.")
	cleanerFailing  = desc("kafka_log_logcleanermanager_uncleanable_partitions_count", "Partitions whose last cleaning failed.")
	cleanerSince    = desc("kafka_log_logcleanermanager_time_since_last_run_ms", "Time since the last cleaning ended; none before the first.")
	cleanerTook     = desc("kafka_log_logcleaner_max_clean_time_secs", "Time that the last cleaning took.")
	cleanerFill     = desc("kafka_log_logcleaner_max_buffer_utilization_percent", "Part of the memory for keys that the last cleaning filled, in percent.")
	cleanerRecopy   = desc("kafka_log_logcleaner_cleaner_recopy_percent", "Bytes that all cleanings kept, in percent of what they cleaned.")
	cleanerRuns     = desc("copyscope_log_cleaner_runs_total", "Cleanings of a partition that ended well.")
	cleanerFailures = desc("copyscope_log_cleaner_failures_total", "Cleanings that were given up after an error.")
	cleanerRead     = desc("copyscope_log_cleaner_read_bytes_total", "Bytes that the cleaner read.")
	cleanerWritten  = desc("copyscope_log_cleaner_written_bytes_total", "Bytes that the cleaner wrote.")
)

var cleanerDescs = []*prometheus.Desc{cleanerDirtiest, cleanerFailing, cleanerSince, cleanerTook, cleanerFill, cleanerRecopy, cleanerRuns, cleanerFailures, cleanerRead, cleanerWritten}

func collectCleaner(to chan<- prometheus.Metric, s broker.CleanerStats) {
	gauge := func(d *prometheus.Desc, v float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	count := func(d *prometheus.Desc, v int64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	gauge(cleanerDirtiest, 100*s.Dirtiest)
	gauge(cleanerFailing, float64(s.Failing))
	if !s.Last.IsZero() {
		gauge(cleanerSince, float64(time.Since(s.Last).Milliseconds()))
		gauge(cleanerTook, s.Took.Seconds())
		gauge(cleanerFill, 100*s.KeysFill)
	}
	if s.BytesCleaned > 0 {
		gauge(cleanerRecopy, 100*float64(s.BytesKept)/float64(s.BytesCleaned))
	}
	count(cleanerRuns, s.Runs)
	count(cleanerFailures, s.Failures)
	count(cleanerRead, s.BytesRead)
	count(cleanerWritten, s.BytesKept)
}
