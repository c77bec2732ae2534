// Package workload lists what every server is asked to do.
package workload

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what is measured.
type Kind string

// The kinds. Latencies are told of EndToEnd and Idle alone: elsewhere a client sends
// its next request when an answer has come, so a slow server would be asked less
// often in its slow moments (coordinated omission).
const (
	Produce  Kind = "produce"
	Fetch    Kind = "fetch"
	Tail     Kind = "tail"
	Mixed    Kind = "mixed"
	EndToEnd Kind = "e2e"
	Idle     Kind = "idle"
)

// Workload is one thing that every server does in turns.
type Workload struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Kind  Kind   `json:"kind"`

	RecordBytes int   `json:"record_bytes,omitempty"` // of a value
	BatchBytes  int   `json:"batch_bytes,omitempty"`  // of a batch, and of a write of what has no batches
	Partitions  int   `json:"partitions,omitempty"`
	Acks        int16 `json:"acks"`
	Outstanding int   `json:"outstanding,omitempty"` // produce requests under way

	FillBytes int64 `json:"fill_bytes,omitempty"` // what is fetched
	MaxBytes  int   `json:"max_bytes,omitempty"`  // of a fetch's answer
	Consumers int   `json:"consumers,omitempty"`
	Cold      bool  `json:"cold,omitempty"` // the files are dropped from the page cache before each turn
	TLS       bool  `json:"tls,omitempty"`

	// ProduceBytes and FetchBytes are what a turn does, for as long as it takes; 0: what
	// goes into its time. Where both go on at once, a server that produces more in a time
	// has less of it for fetching, which costs less for a byte.
	ProduceBytes int64 `json:"produce_bytes,omitempty"`
	FetchBytes   int64 `json:"fetch_bytes,omitempty"`

	Rate        int64 `json:"rate,omitempty"` // bytes of values a second
	Connections int   `json:"connections,omitempty"`

	// Rounds and Times change the run's: how many rounds, and how long a turn is.
	Rounds int     `json:"rounds,omitempty"`
	Times  float64 `json:"times,omitempty"`
	// Servers are those that take part, all if empty.
	Servers []string `json:"servers,omitempty"`
}

// Turn is how long a turn takes of a run whose turns take so long.
func (w Workload) Turn(run time.Duration) time.Duration {
	if w.Times == 0 {
		return run
	}
	return time.Duration(float64(run) * w.Times)
}

// FetchPartitions is how many partitions are fetched; a connection has a request
// under way for each.
const FetchPartitions = 4

const fill = 256 << 20

// Names that others look for.
const (
	ProduceBase  = "produce"
	ProduceSmall = "produce-100B"
	Catchup      = "fetch-warm"
	E2E200       = "e2e-200"
	FanoutMost   = "fanout-50"
	IdleMany     = "idle-10000"
)

// All are the workloads in the order in which they are run.
func All() []Workload {
	produce := Workload{Name: ProduceBase, Title: "Produce: 1 KiB records in 64 KiB batches, 8 partitions, acks=1", Kind: Produce,
		RecordBytes: 1 << 10, BatchBytes: 64 << 10, Partitions: 8, Acks: 1, Outstanding: 5}
	fetch := Workload{Name: Catchup, Title: "Catch-up fetch, warm: 256 MiB in the page cache, again and again, answers of 1 MiB, 4 partitions", Kind: Fetch,
		RecordBytes: 1 << 10, BatchBytes: 64 << 10, Partitions: FetchPartitions, Acks: 1, FillBytes: fill, MaxBytes: 1 << 20, Consumers: 1, Rounds: 7}
	e2e := Workload{Kind: EndToEnd, RecordBytes: 1 << 10, BatchBytes: 64 << 10, Partitions: FetchPartitions, Acks: 1, Outstanding: 5, MaxBytes: 4 << 20, Times: 2}
	vary := func(base Workload, name, title string, change func(*Workload)) Workload {
		base.Name, base.Title = name, title
		change(&base)
		return base
	}
	brokers := []string{"copyscope", "bare-relay", "kafka", "kafka-tuned", "kfake", "nats"}
	secure := []string{"copyscope", "kafka", "kafka-tuned", "kfake", "nginx", "nginx-copy"}
	produce.Servers, e2e.Servers = brokers, brokers
	few := []string{"copyscope", "bare-sendfile", "kafka", "kafka-tuned", "kfake", "nats", "nginx", "nginx-copy"}
	all := []Workload{
		produce,
		vary(produce, ProduceSmall, "Produce: 100-byte records, else as above", func(w *Workload) { w.RecordBytes = 100 }),
		vary(produce, "produce-64KiB", "Produce: 64 KiB records, each a batch, else as above", func(w *Workload) { w.RecordBytes, w.BatchBytes = 64<<10, 66<<10 }),
		vary(produce, "produce-acks-0", "Produce: acks=0, else as the first", func(w *Workload) { w.Acks = 0 }),
		vary(produce, "produce-acks-all", "Produce: acks=all, else as the first", func(w *Workload) { w.Acks = -1 }),
		vary(produce, "produce-1-partition", "Produce: 1 partition, else as the first", func(w *Workload) { w.Partitions = 1 }),
		vary(produce, "produce-64-partitions", "Produce: 64 partitions, else as the first", func(w *Workload) { w.Partitions = 64 }),
		fetch,
		vary(fetch, "fetch-cold", "Catch-up fetch, cold: once, from files that are not in the page cache (in a virtual machine its host may have them)", func(w *Workload) { w.Cold, w.Rounds, w.Servers = true, 0, few }),
		{Name: "tail", Title: "Tail fetch: a consumer at the end of what is produced as fast as the broker takes it", Kind: Tail,
			RecordBytes: 1 << 10, BatchBytes: 64 << 10, Partitions: FetchPartitions, Acks: 1, Outstanding: 5, MaxBytes: 4 << 20, Rate: 4e9, Servers: brokers},
		{Name: "mixed", Title: "Mixed: one producer of 512 MiB and one catch-up consumer of 4 GiB at once, on topics of their own, until both are done", Kind: Mixed,
			ProduceBytes: 512 << 20, FetchBytes: 4 << 30,
			RecordBytes: 1 << 10, BatchBytes: 64 << 10, Partitions: FetchPartitions, Acks: 1, Outstanding: 5, FillBytes: fill, MaxBytes: 1 << 20, Consumers: 1, Servers: few},
	}
	for _, n := range []int{1, 10, 50} {
		all = append(all, vary(fetch, fmt.Sprintf("fanout-%d", n), fmt.Sprintf("Fan-out: consumers, each of all 256 MiB: %d", n), func(w *Workload) {
			w.Consumers, w.Rounds, w.Servers = n, 0, few
		}))
	}
	for _, mb := range []int64{10, 50, 200} {
		all = append(all, vary(e2e, fmt.Sprintf("e2e-%d", mb), fmt.Sprintf("End to end at %d MB/s: from when a record is due until a consumer has it", mb), func(w *Workload) { w.Rate = mb * 1e6 }))
	}
	return append(all,
		Workload{Name: IdleMany, Title: "10,000 connections that are idle after one request each; the latency is that of connecting and asking", Kind: Idle, Connections: 10_000, Rounds: 1, Servers: few},
		vary(fetch, "tls-fetch", "Catch-up fetch over TLS, warm", func(w *Workload) { w.TLS, w.Rounds, w.Servers = true, 0, secure }),
		vary(produce, "tls-produce", "Produce over TLS, as the first", func(w *Workload) { w.TLS, w.Servers = true, secure[:4] }),
	)
}

// Choose is those that a list of names says, in their order; all if it is empty.
func Choose(list string) ([]Workload, error) {
	all := All()
	if list == "" {
		return all, nil
	}
	var names []string
	for _, w := range all {
		names = append(names, w.Name)
	}
	wanted := strings.Split(list, ",")
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("-workloads %q: there is none of that name; use some of %s, with commas", name, strings.Join(names, ","))
		}
	}
	return slices.DeleteFunc(all, func(w Workload) bool { return !slices.Contains(wanted, w.Name) }), nil
}

// Has says whether a server takes part.
func (w Workload) Has(server string) bool {
	return len(w.Servers) == 0 || slices.Contains(w.Servers, server)
}
