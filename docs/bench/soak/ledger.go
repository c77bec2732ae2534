//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/gorilla/websocket"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ledger counts what the clients did, and what errors they met.
type ledger struct {
	mu     sync.Mutex
	done   map[string]int64
	met    map[meeting]*trouble
	closed bool
}

// meeting is an error of a kind, and who met it.
type meeting struct{ Who, Kind string }

// trouble is what the ledger knows of a meeting.
type trouble struct {
	Count    int64
	Examples []string // the first few, in full
}

const examples = 3

func newLedger() *ledger {
	return &ledger{done: map[string]int64{}, met: map[meeting]*trouble{}}
}

// did counts work.
func (l *ledger) did(work string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[work] += n
}

func (l *ledger) times(work string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done[work]
}

// note counts an error that a client met. Those of clients that are ended by the
// soak itself, when ctx is over, are none.
func (l *ledger) note(ctx context.Context, who string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	l.count(meeting{who, kindOf(err)}, 1, err.Error())
}

func (l *ledger) count(m meeting, n int64, example string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	t := l.met[m]
	if t == nil {
		t = &trouble{}
		l.met[m] = t
	}
	t.Count += n
	if len(t.Examples) < examples {
		t.Examples = append(t.Examples, example)
	}
}

// close ends the account: what clients meet while they are closed is no news.
func (l *ledger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// kindOf names an error's kind: Kafka's name of a code, a close code, an errno.
func kindOf(err error) string {
	var code *kerr.Error
	var closing *websocket.CloseError
	var timeout net.Error
	var errno syscall.Errno
	var group *kgo.ErrGroupSession
	switch {
	case errors.As(err, &code):
		return code.Message
	case errors.As(err, &closing):
		return fmt.Sprintf("websocket closed: %d", closing.Code)
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &group):
		return "group session: " + kindOf(group.Err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "end of the connection"
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Sprintf("%.120s", text)
}

// entry is a line of the account.
type entry struct {
	Who      string   `json:"who"`
	Kind     string   `json:"kind"`
	Count    int64    `json:"count"`
	Expected string   `json:"expected,omitempty"` // why; empty if it is not
	Examples []string `json:"examples,omitempty"`
}

// account lists what was met, unexpected errors first.
func (l *ledger) account() (all []entry, unexpected int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for m, t := range l.met {
		e := entry{Who: m.Who, Kind: m.Kind, Count: t.Count, Expected: expected[m], Examples: t.Examples}
		if e.Expected == "" {
			unexpected += t.Count
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int {
		if (a.Expected == "") != (b.Expected == "") {
			if a.Expected == "" {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Who+a.Kind, b.Who+b.Kind)
	})
	return all, unexpected
}

// Who meets errors.
const (
	asProducer    = "idempotent producer"
	asTransaction = "transactional producer"
	asMember      = "group member"
	asCatchUp     = "catch-up consumer"
	asCompacted   = "producer to the compacted topic"
	asAdmin       = "maker of topics"
	asConnection  = "raw connection"
	asTLS         = "TLS client"
	asStranger    = "TLS client with a wrong password"
	asScraper     = "scraper of /metrics"
	asViewer      = "viewer of the talk"
	asServer      = "the server's log"
)

// answered is who meets the codes that the server counts in its answers: clients
// hide most of them, as they try again.
func answered(request string) string { return "answer to " + request }

// expected are the errors that the load itself brings about, and why.
var expected = map[meeting]string{
	{answered("ApiVersions"), "UNSUPPORTED_VERSION"}:                   "franz-go first asks in a later version, and is told which there are (KIP-511)",
	{asStranger, "SASL_AUTHENTICATION_FAILED"}:                         "it says a wrong password",
	{answered("SASLAuthenticate"), "SASL_AUTHENTICATION_FAILED"}:       "the same, as the server counts it",
	{answered("JoinGroup"), "MEMBER_ID_REQUIRED"}:                      "a member of a classic group asks for its id first (KIP-394)",
	{answered("JoinGroup"), "REBALANCE_IN_PROGRESS"}:                   "members join and leave",
	{answered("SyncGroup"), "REBALANCE_IN_PROGRESS"}:                   "members join and leave",
	{answered("Heartbeat"), "REBALANCE_IN_PROGRESS"}:                   "members join and leave",
	{answered("OffsetCommit"), "REBALANCE_IN_PROGRESS"}:                "members join and leave",
	{answered("OffsetCommit"), "ILLEGAL_GENERATION"}:                   "a member commits as the next generation begins",
	{answered("OffsetCommit"), "STALE_MEMBER_EPOCH"}:                   "a member commits before it has heard of the next epoch",
	{answered("OffsetFetch"), "STALE_MEMBER_EPOCH"}:                    "the same with the offsets that it reads",
	{answered("Fetch"), "OFFSET_OUT_OF_RANGE"}:                         "retention deleted what a reader wanted next; it begins anew",
	{answered("Metadata"), "UNKNOWN_TOPIC_OR_PARTITION"}:               "a topic that was deleted is still asked for",
	{answered("Metadata"), "LEADER_NOT_AVAILABLE"}:                     "a topic that is asked for while it is made",
	{answered("Fetch"), "UNKNOWN_TOPIC_OR_PARTITION"}:                  "a topic is deleted under its reader",
	{answered("Fetch"), "UNKNOWN_TOPIC_ID"}:                            "a topic is deleted under its reader",
	{answered("AddPartitionsToTxn"), "CONCURRENT_TRANSACTIONS"}:        "the next transaction begins while the last one ends",
	{answered("InitProducerID"), "CONCURRENT_TRANSACTIONS"}:            "a producer takes over an id whose transaction is still being aborted",
	{answered("Produce"), "CONCURRENT_TRANSACTIONS"}:                   "the next transaction begins while the last one ends",
	{answered("ConsumerGroupHeartbeat"), "UNRELEASED_INSTANCE_ID"}:     "a member joins before its predecessor has left",
	{answered("ConsumerGroupHeartbeat"), "FENCED_MEMBER_EPOCH"}:        "a member hears late of its epoch",
	{answered("ConsumerGroupHeartbeat"), "UNKNOWN_TOPIC_OR_PARTITION"}: "a topic is deleted under its reader",
	{answered("ListOffsets"), "UNKNOWN_TOPIC_OR_PARTITION"}:            "a topic is deleted under its reader",
	{answered("OffsetForLeaderEpoch"), "UNKNOWN_TOPIC_OR_PARTITION"}:   "a topic is deleted under its reader",
}
