//go:build linux

package contender

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"copyscope/docs/bench/peers/contender/name"
)

// jvmWarm is how long a Java server is warmed up for each workload.
const jvmWarm = 2 * time.Second

// All are the contenders, in the order of their turns.
func All() []Contender {
	return []Contender{
		ours(name.Copyscope, "sendfile"),
		{Name: name.BareSendfile, Settings: "a loop of blocking sendfile(2) calls of 1 MiB over the same batches; answers Fetch alone", Protocol: Bare, start: startSendfile},
		{Name: name.BareRelay, Settings: "receives, checks the CRC-32C, write(2)s and answers; takes Produce alone", Protocol: Bare, start: startRelay},
		{Name: name.Kafka, Settings: "KRaft, one node, Kafka's own config/server.properties and JVM flags (1 GiB of heap); a deleted topic's files go after a second", Protocol: Kafka, TLS: true, Warm: jvmWarm, Eager: true, need: maven, start: kafka(kafkaDefaults)},
		{Name: name.KafkaTuned, Settings: "the same, socket buffers left to the kernel, a network and an I/O thread for each CPU, 2 GiB of heap, ParallelGC", Protocol: Kafka, TLS: true, Warm: jvmWarm, need: maven, start: kafka(kafkaTuned)},
		{Name: name.Kfake, Settings: "franz-go's kfake, one broker, all in memory", Protocol: Kafka, TLS: true, Volatile: true, start: startKfake},
		{Name: name.NATS, Settings: "JetStream, file storage, a stream for each partition", Protocol: NATS, start: startNATS},
		ours(name.CopyscopeReadWrite, "read-write"),
		ours("copyscope-mmap-write", "mmap-write"),
		ours("copyscope-splice", "splice"),
		{Name: "nginx", Settings: "sendfile on, one worker", Protocol: HTTP, TLS: true, need: nginx, start: startNginx("on")},
		{Name: "nginx-copy", Settings: "sendfile off, one worker", Protocol: HTTP, TLS: true, need: nginx, start: startNginx("off")},
		{Name: "iperf3", Settings: "one stream, write(2)", Protocol: Iperf, Volatile: true, need: iperf, start: startIperf},
		{Name: "iperf3-zerocopy", Settings: "one stream, sendfile(2) (-Z)", Protocol: Iperf, Volatile: true, need: iperf, start: startIperf},
		{Name: "jocko", Settings: "a Go broker with the Kafka protocol", Protocol: Kafka, Absent: "the Go module proxy does not serve github.com/travisjeffery/jocko"},
		{Name: "klite", Settings: "a Go broker with the Kafka protocol and S3 storage", Protocol: Kafka, Absent: "the Go module proxy does not serve github.com/klaudworks/klite"},
	}
}

// Choose is those that a list of names says, in their order; all of them if it is
// empty.
func Choose(list string) ([]Contender, error) {
	all := All()
	if list == "" {
		return all, nil
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	wanted := strings.Split(list, ",")
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return nil, fmt.Errorf("-only %q: there is no server of that name; use some of %s, with commas", w, strings.Join(names, ","))
		}
	}
	return slices.DeleteFunc(all, func(c Contender) bool { return !slices.Contains(wanted, c.Name) }), nil
}
