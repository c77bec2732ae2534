// Package metrics tells what a broker has counted in the form of Prometheus.
// The names are those that the usual rules of the JMX exporter make of Kafka's
// MBeans, so that dashboards for Kafka find them; what Kafka does not have
// begins with copyscope_.
package metrics

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/twmb/franz-go/pkg/kerr"

	"copyscope/broker"
)

// Handler answers scrapes with the broker's metrics, which stats reads, and
// those of the Go runtime and this process. stats may be nil: there is no
// broker.
func Handler(version string, stats func() broker.Stats) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "copyscope_build_info", Help: "The version that runs, always 1.",
		ConstLabels: prometheus.Labels{"version": version}})
	info.Set(1)
	r.MustRegister(info)
	if stats != nil {
		r.MustRegister(&collector{stats})
	}
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// collector reads the broker anew for each scrape. Labels are topics,
// partitions, API keys, versions, error codes and paths that the broker has:
// clients cannot make new ones but by creating topics and groups, of which the
// first are limited, and the second are told up to a limit.
type collector struct{ stats func() broker.Stats }

func desc(name, help string, labels ...string) *prometheus.Desc {
	described = append(described, Metric{Name: name, Type: typeOf(name), Help: help, Labels: labels})
	return prometheus.NewDesc(name, help, labels, nil)
}

// Of topics, as kafka.server:type=BrokerTopicMetrics. Requests are counted once
// for each partition in them.
var (
	bytesIn         = desc("kafka_server_brokertopicmetrics_bytesin_total", "Bytes of record batches taken from producers.", "topic")
	messagesIn      = desc("kafka_server_brokertopicmetrics_messagesin_total", "Records taken from producers.", "topic")
	bytesOut        = desc("kafka_server_brokertopicmetrics_bytesout_total", "Bytes of record batches given to consumers.", "topic")
	produceRequests = desc("kafka_server_brokertopicmetrics_totalproducerequests_total", "Produce requests, by partition in them.", "topic")
	failedProduce   = desc("kafka_server_brokertopicmetrics_failedproducerequests_total", "Produce requests that failed, by partition in them.", "topic")
	fetchRequests   = desc("kafka_server_brokertopicmetrics_totalfetchrequests_total", "Fetch requests, by partition in them.", "topic")
	failedFetch     = desc("kafka_server_brokertopicmetrics_failedfetchrequests_total", "Fetch requests that failed, by partition in them.", "topic")
)

// Of partitions, as kafka.log:type=Log.
var (
	logSize     = desc("kafka_log_log_size", "Bytes of the partition's segments.", "topic", "partition")
	logStart    = desc("kafka_log_log_logstartoffset", "First offset of the partition.", "topic", "partition")
	logEnd      = desc("kafka_log_log_logendoffset", "Offset that the next record of the partition gets.", "topic", "partition")
	logSegments = desc("kafka_log_log_numlogsegments", "Segments of the partition.", "topic", "partition")
)

// Of the broker.
var (
	partitions  = desc("kafka_server_replicamanager_partitioncount", "Partitions of this broker.")
	leaders     = desc("kafka_server_replicamanager_leadercount", "Partitions that this broker leads.")
	offline     = desc("kafka_server_replicamanager_offlinereplicacount", "Partitions that are offline after a storage error.")
	connections = desc("kafka_server_socket_server_metrics_connection_count", "Connections of clients.")
	requests    = desc("kafka_network_requestmetrics_requests_total", "Requests, by API and version.", "request", "version")
	requestTime = desc("kafka_network_requestmetrics_totaltime_seconds", "Time from the whole request until its answer was handed to the kernel; of Fetch with its long poll.", "request")
	errorCodes  = desc("kafka_network_requestmetrics_errors_total", "Error codes in answers, by API: of an answer for several partitions each one counts. NONE is not counted.", "request", "error")
	pathBytes   = desc("copyscope_fetch_bytes_total", "Bytes of records that fetches sent, by the path that carried them.", "path", "security_protocol")
	pathSocket  = desc("copyscope_fetch_socket_bytes_total", "Bytes that sockets took for them: over TLS (SSL) they are sealed, so more.", "path", "security_protocol")
	pathRegions = desc("copyscope_fetch_regions_total", "Regions of files that fetches sent, by path.", "path", "security_protocol")
	pathCalls   = desc("copyscope_fetch_syscalls_total", "System calls of the transfer programs, by path and name.", "path", "security_protocol", "syscall")

	engineBytes   = desc("copyscope_append_bytes_total", "Bytes of record batches of producers that were stored, by the append engine.", "engine")
	engineBatches = desc("copyscope_append_batches_total", "Record batches of producers that were stored, by the append engine.", "engine")
	engineCalls   = desc("copyscope_append_syscalls_total", "System calls that stored them, by engine and name.", "engine", "syscall")
)

// Of consumer groups. Kafka's broker has no such figure; the name is the usual
// exporter's. Groups are made by clients, so only so many are told.
var (
	lag        = desc("kafka_consumergroup_lag", "Records from the group's committed offset to the end of the partition.", "consumergroup", "topic", "partition")
	lagOmitted = desc("copyscope_consumergroup_lag_omitted", "Groups of which not all lags are told: there are too many, or the group's id is no label.")
)

// Of groups. Kafka tells them by a name for each state.
var groups = desc("copyscope_groups", "Groups by type (classic, or consumer where the broker assigns) and state.", "type", "state")

// Of quotas. Kafka has such figures for each user and client; those are made by
// clients, so they are summed here.
var (
	throttles    = desc("copyscope_quota_throttles_total", "Times that a client was told to wait for a quota.", "quota")
	throttleTime = desc("copyscope_quota_throttle_seconds_total", "How long clients were told to wait for a quota.", "quota")
	throttledNow = desc("copyscope_quota_throttled_connections", "Connections that wait for a quota now.")
)

// Of transactions. Kafka's coordinator has no such figures.
var (
	txnIDs   = desc("copyscope_transactional_ids", "Transactional ids that the coordinator knows, by state.", "state")
	txnEnded = desc("copyscope_transactions_ended_total", "Transactions that ended, by result.", "result")
	txnAbort = desc("copyscope_transactions_aborted_by_coordinator_total", "Transactions that the coordinator aborted by itself: timeout, or fenced, when another producer took the transactional id.", "cause")
)

func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bytesIn, messagesIn, bytesOut, produceRequests, failedProduce, fetchRequests, failedFetch,
		logSize, logStart, logEnd, logSegments, partitions, leaders, offline, connections, requests, requestTime, errorCodes, lag, lagOmitted, groups, throttles, throttleTime, throttledNow, txnIDs, txnEnded, txnAbort, pathBytes, pathSocket, pathRegions, pathCalls, engineBytes, engineBatches, engineCalls} {
		to <- d
	}
	for _, d := range cleanerDescs {
		to <- d
	}
}

func (c *collector) Collect(to chan<- prometheus.Metric) {
	s := c.stats()
	count := func(d *prometheus.Desc, v int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	all, lost := 0, 0
	for _, t := range s.Topics {
		for _, m := range []struct {
			d *prometheus.Desc
			v int64
		}{{bytesIn, t.BytesIn}, {messagesIn, t.MessagesIn}, {bytesOut, t.BytesOut}, {produceRequests, t.ProduceRequests},
			{failedProduce, t.FailedProduce}, {fetchRequests, t.FetchRequests}, {failedFetch, t.FailedFetch}} {
			count(m.d, m.v, t.Name)
		}
		for _, p := range t.Partitions {
			if all++; p.Offline {
				lost++
				continue
			}
			n := strconv.Itoa(int(p.Partition))
			gauge(logSize, p.Bytes, t.Name, n)
			gauge(logStart, p.Low, t.Name, n)
			gauge(logEnd, p.High, t.Name, n)
			gauge(logSegments, int64(p.Segments), t.Name, n)
		}
	}
	gauge(partitions, int64(all))
	gauge(leaders, int64(all-lost))
	gauge(offline, int64(lost))
	gauge(connections, int64(s.Connections))
	for _, r := range s.Requests {
		c.request(to, r)
	}
	for _, l := range s.Lags {
		gauge(lag, l.Lag, l.Group, l.Topic, strconv.Itoa(int(l.Partition)))
	}
	gauge(lagOmitted, int64(s.LagsOmitted))
	for kind, n := range s.Groups {
		gauge(groups, int64(n), kind.Type, kind.State)
	}
	for state, n := range s.Transactions.IDs {
		gauge(txnIDs, int64(n), state)
	}
	count(txnEnded, s.Transactions.Committed, "commit")
	count(txnEnded, s.Transactions.Aborted, "abort")
	count(txnAbort, s.Transactions.TimedOut, "timeout")
	count(txnAbort, s.Transactions.Fenced, "fenced")
	for _, w := range s.Throttles {
		count(throttles, w.Times, w.Key)
		to <- prometheus.MustNewConstMetric(throttleTime, prometheus.CounterValue, w.Sum.Seconds(), w.Key)
	}
	gauge(throttledNow, s.Throttled)
	collectCleaner(to, s.Cleaner)
	for _, p := range s.Paths {
		count(pathBytes, p.Bytes, p.Path, p.Protocol)
		count(pathSocket, p.SocketBytes, p.Path, p.Protocol)
		count(pathRegions, p.Regions, p.Path, p.Protocol)
		for name, n := range p.SyscallsByName {
			count(pathCalls, n, p.Path, p.Protocol, name)
		}
	}
	for _, e := range s.Engines {
		count(engineBytes, e.Bytes, e.Engine)
		count(engineBatches, e.Batches, e.Engine)
		for name, n := range e.SyscallsByName {
			count(engineCalls, n, e.Engine, name)
		}
	}
}

// request tells of one API, if it was ever asked.
func (c *collector) request(to chan<- prometheus.Metric, r broker.RequestStats) {
	for version, n := range r.ByVersion {
		to <- prometheus.MustNewConstMetric(requests, prometheus.CounterValue, float64(n), r.API, strconv.Itoa(int(version)))
	}
	for code, n := range r.Errors {
		to <- prometheus.MustNewConstMetric(errorCodes, prometheus.CounterValue, float64(n), r.API, errorName(code))
	}
	buckets, sum := map[float64]uint64{}, uint64(0)
	for i, n := range r.Buckets {
		if sum += uint64(n); i < len(broker.RequestBuckets) {
			buckets[broker.RequestBuckets[i].Seconds()] = sum
		}
	}
	if sum > 0 {
		to <- prometheus.MustNewConstHistogram(requestTime, sum, r.Sum.Seconds(), buckets, r.API)
	}
}

// errorName is Kafka's name of a code, such as UNKNOWN_TOPIC_OR_PARTITION.
func errorName(code int16) string {
	if e := kerr.TypedErrorForCode(code); e != nil && e.Code == code {
		return e.Message
	}
	return strconv.Itoa(int(code))
}
