package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"copyscope/broker"
	"copyscope/internal/metrics"
)

func scrape(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// everything has something to tell in every metric.
func everything() broker.Stats {
	buckets := make([]int64, len(broker.RequestBuckets)+1)
	buckets[0], buckets[len(buckets)-1] = 2, 1
	return broker.Stats{
		Connections: 3,
		Cleaner:     broker.CleanerStats{Runs: 21, Failures: 22, BytesRead: 23, BytesKept: 24, BytesCleaned: 48, Failing: 1, Dirtiest: 0.25, Last: time.Now(), Took: 2 * time.Second, KeysFill: 0.5},
		Requests:    []broker.RequestStats{{API: "Fetch", ByVersion: map[int16]int64{11: 3}, Buckets: buckets, Sum: 90 * time.Second, Errors: map[int16]int64{1: 4, -1: 5, 9999: 6}}},
		Lags:        []broker.GroupLag{{Group: "g", Topic: "t", Partition: 1, Lag: 8}}, LagsOmitted: 2, Groups: map[broker.GroupKind]int{{Type: "consumer", State: "Reconciling"}: 3},
		Transactions: broker.TransactionStats{Committed: 21, Aborted: 22, TimedOut: 23, Fenced: 24, IDs: map[string]int{"Ongoing": 25}},
		Throttled:    26, Throttles: []broker.QuotaWaits{{Key: "producer_byte_rate", Times: 27, Sum: 1500 * time.Millisecond}},
		Paths: []broker.PathStats{{Path: "sendfile", Protocol: "PLAINTEXT", Regions: 2, Bytes: 500, SocketBytes: 500, SyscallsByName: map[string]int64{"sendfile": 4}},
			{Path: "read-write", Protocol: "SSL", Regions: 1, Bytes: 600, SocketBytes: 622, SyscallsByName: map[string]int64{"write": 1}}},
		Engines: []broker.EngineStats{{Engine: "mmap", Batches: 31, Bytes: 32, SyscallsByName: map[string]int64{"fallocate": 33}}},
		Topics: []broker.TopicStats{{
			TopicInfo: broker.TopicInfo{Name: "t", Partitions: []broker.PartitionInfo{
				{Partition: 0, Low: 1, High: 9, Bytes: 700, Segments: 2}, {Partition: 1, Offline: true}}},
			BytesIn: 10, MessagesIn: 11, BytesOut: 12, ProduceRequests: 13, FailedProduce: 14, FetchRequests: 15, FailedFetch: 16,
		}},
	}
}

func TestNamesAreKafkas(t *testing.T) {
	text := scrape(t, metrics.Handler("v1", everything))
	for _, want := range []string{
		`kafka_server_brokertopicmetrics_bytesin_total{topic="t"} 10`,
		`kafka_server_brokertopicmetrics_messagesin_total{topic="t"} 11`,
		`kafka_server_brokertopicmetrics_bytesout_total{topic="t"} 12`,
		`kafka_server_brokertopicmetrics_totalproducerequests_total{topic="t"} 13`,
		`kafka_server_brokertopicmetrics_failedproducerequests_total{topic="t"} 14`,
		`kafka_server_brokertopicmetrics_totalfetchrequests_total{topic="t"} 15`,
		`kafka_server_brokertopicmetrics_failedfetchrequests_total{topic="t"} 16`,
		`kafka_log_log_size{partition="0",topic="t"} 700`,
		`kafka_log_log_logstartoffset{partition="0",topic="t"} 1`,
		`kafka_log_log_logendoffset{partition="0",topic="t"} 9`,
		`kafka_log_log_numlogsegments{partition="0",topic="t"} 2`,
		`kafka_log_logcleanermanager_max_dirty_percent 25`,
		`kafka_log_logcleanermanager_uncleanable_partitions_count 1`,
		`kafka_log_logcleaner_max_clean_time_secs 2`,
		`kafka_log_logcleaner_max_buffer_utilization_percent 50`,
		`kafka_log_logcleaner_cleaner_recopy_percent 50`,
		`copyscope_log_cleaner_runs_total 21`,
		`copyscope_log_cleaner_failures_total 22`,
		`copyscope_log_cleaner_read_bytes_total 23`,
		`copyscope_log_cleaner_written_bytes_total 24`,
		`kafka_server_replicamanager_partitioncount 2`,
		`kafka_server_replicamanager_leadercount 1`,
		`kafka_server_replicamanager_offlinereplicacount 1`,
		`kafka_server_socket_server_metrics_connection_count 3`,
		`kafka_network_requestmetrics_requests_total{request="Fetch",version="11"} 3`,
		`kafka_network_requestmetrics_errors_total{error="OFFSET_OUT_OF_RANGE",request="Fetch"} 4`,
		`kafka_network_requestmetrics_errors_total{error="UNKNOWN_SERVER_ERROR",request="Fetch"} 5`,
		`kafka_network_requestmetrics_errors_total{error="9999",request="Fetch"} 6`,
		`kafka_consumergroup_lag{consumergroup="g",partition="1",topic="t"} 8`,
		`copyscope_consumergroup_lag_omitted 2`,
		`copyscope_groups{state="Reconciling",type="consumer"} 3`,
		`copyscope_quota_throttles_total{quota="producer_byte_rate"} 27`,
		`copyscope_quota_throttle_seconds_total{quota="producer_byte_rate"} 1.5`,
		`copyscope_quota_throttled_connections 26`,
		`copyscope_transactional_ids{state="Ongoing"} 25`,
		`copyscope_transactions_ended_total{result="commit"} 21`,
		`copyscope_transactions_ended_total{result="abort"} 22`,
		`copyscope_transactions_aborted_by_coordinator_total{cause="timeout"} 23`,
		`copyscope_transactions_aborted_by_coordinator_total{cause="fenced"} 24`,
		`kafka_network_requestmetrics_totaltime_seconds_bucket{request="Fetch",le="0.0001"} 2`,
		`kafka_network_requestmetrics_totaltime_seconds_bucket{request="Fetch",le="30"} 2`,
		`kafka_network_requestmetrics_totaltime_seconds_count{request="Fetch"} 3`,
		`kafka_network_requestmetrics_totaltime_seconds_sum{request="Fetch"} 90`,
		`copyscope_fetch_bytes_total{path="sendfile",security_protocol="PLAINTEXT"} 500`,
		`copyscope_fetch_bytes_total{path="read-write",security_protocol="SSL"} 600`,
		`copyscope_fetch_socket_bytes_total{path="read-write",security_protocol="SSL"} 622`,
		`copyscope_fetch_syscalls_total{path="sendfile",security_protocol="PLAINTEXT",syscall="sendfile"} 4`,
		`copyscope_append_batches_total{engine="mmap"} 31`,
		`copyscope_append_bytes_total{engine="mmap"} 32`,
		`copyscope_append_syscalls_total{engine="mmap",syscall="fallocate"} 33`,
		`copyscope_build_info{version="v1"} 1`,
		"go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(text, `log_size{partition="1"`) {
		t.Error("an offline partition has figures")
	}
}

func TestWithoutBroker(t *testing.T) {
	if text := scrape(t, metrics.Handler("v1", nil)); strings.Contains(text, "kafka_") || !strings.Contains(text, "go_goroutines") {
		t.Errorf("without a broker:\n%s", text)
	}
}
