package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func kcatRows() (rows []row) {
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		rows = append(rows, row{
			client: "kcat", scenario: "produce-consume " + codec, asserts: "3,000 records with keys and headers, byte for byte, with offsets",
			needs: []tool{kcat},
			run: func(ctx context.Context, e *env, topic string) error {
				return kcatRoundTrip(ctx, e.brokers, topic, nil, "-z", codec)
			},
		})
	}
	for _, mechanism := range mechanisms {
		rows = append(rows, row{
			client: "kcat", scenario: "SASL " + mechanism, asserts: "3,000 records in plaintext and over TLS; a wrong password is told as such",
			needs: []tool{kcat}, files: true, run: onSecured(func(ctx context.Context, e *env, s *secured, topic string) error {
				if e.server == "kafka" && mechanism != "PLAIN" && sendsNonceTwice(e.kit.versions["kcat"]) {
					return fmt.Errorf("%w here: librdkafka before 2.6.1 sends its part of SCRAM's nonce twice (librdkafka pull request 4895), which Kafka 4 refuses", errSelf)
				}
				return kcatSASL(ctx, s, topic, mechanism)
			}),
		})
	}
	for _, r := range []row{
		{scenario: "idempotent producer", asserts: "3,000 records with enable.idempotence and acks=all, byte for byte", run: kcatIdempotent},
		{scenario: "metadata", asserts: "-L names the broker's address, the topic and its partitions", run: kcatMetadata},
		{scenario: "offsets by timestamp", asserts: "-Q finds first, next, and the first record at or after a time", run: kcatTimestamps},
		{scenario: "group", asserts: "-G: two members share four partitions, one leaves; every record once; a third resumes", run: kcatGroup},
	} {
		r.client, r.needs = "kcat", []tool{kcat}
		rows = append(rows, r)
	}
	return rows
}

// text is n lines of "key:value", the same for the same n.
func text(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%d:%06d %s\n", i, i, strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(200)))
	}
	return b.String()
}

const kcatRecords = 3000

// kcatRoundTrip sends records, with more options for the producer, and reads them;
// both have those of the client.
func kcatRoundTrip(ctx context.Context, brokers, topic string, client []string, more ...string) error {
	sent := text(kcatRecords)
	args := append([]string{"-P", "-b", brokers, "-t", topic, "-p", "0", "-K:", "-H", "first=1", "-H", "second=zwei"}, slices.Concat(client, more)...)
	if _, err := command(ctx, sent, "kcat", args...); err != nil {
		return err
	}
	args = append([]string{"-C", "-b", brokers, "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-f", `%o %h %k:%s\n`}, client...)
	got, err := command(ctx, "", "kcat", args...)
	if err != nil {
		return err
	}
	var want strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(sent, "\n"), "\n") {
		fmt.Fprintf(&want, "%d first=1,second=zwei %s\n", i, line)
	}
	return differ("consumed", want.String(), got)
}

func kcatIdempotent(ctx context.Context, e *env, topic string) error {
	return kcatRoundTrip(ctx, e.brokers, topic, nil, "-X", "enable.idempotence=true", "-X", "acks=all", "-X", "batch.num.messages=50")
}

// sendsNonceTwice says whether kcat has a librdkafka before 2.6.1.
func sendsNonceTwice(version string) bool {
	var major, minor, patch int
	_, after, _ := strings.Cut(version, "librdkafka ")
	fmt.Sscanf(after, "%d.%d.%d", &major, &minor, &patch)
	return slices.Compare([]int{major, minor, patch}, []int{2, 6, 1}) < 0
}

func kcatSASL(ctx context.Context, s *secured, topic, mechanism string) error {
	for _, over := range s.over() {
		client := []string{"-X", "security.protocol=" + over[0], "-X", "ssl.ca.location=" + s.certificate,
			"-X", "sasl.mechanism=" + mechanism, "-X", "sasl.username=" + securedUser, "-X", "sasl.password="}
		as := func(password string) []string {
			return append(slices.Clone(client[:len(client)-1]), client[len(client)-1]+password)
		}
		if err := kcatRoundTrip(ctx, over[1], topic+over[0], as(securedPassword)); err != nil {
			return fmt.Errorf("%s: %w", over[0], err)
		}
		_, err := command(ctx, "", "kcat", append([]string{"-L", "-m", "1", "-b", over[1]}, as("another")...)...)
		if err == nil {
			return fmt.Errorf("%s: a wrong password lets it in", over[0])
		}
		told := "SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism " + mechanism
		if mechanism == "PLAIN" {
			told = "SASL authentication error: Authentication failed: Invalid username or password"
		}
		if err := contains(over[0]+" with a wrong password", err.Error(), told); err != nil {
			return err
		}
	}
	return nil
}

func kcatMetadata(ctx context.Context, e *env, topic string) error {
	if err := createTopic(ctx, e.brokers, topic, 3, nil); err != nil {
		return err
	}
	out, err := command(ctx, "", "kcat", "-L", "-b", e.brokers, "-t", topic)
	if err != nil {
		return err
	}
	return contains("metadata", out, "1 brokers:", "at "+e.brokers, fmt.Sprintf("topic %q with 3 partitions:", topic),
		"partition 0, leader ", "partition 2, leader ")
}

func kcatTimestamps(ctx context.Context, e *env, topic string) error {
	if err := createTopic(ctx, e.brokers, topic, 1, nil); err != nil {
		return err
	}
	if err := produceAt(ctx, e.brokers, topic, hourAgo, 1000, 50); err != nil {
		return err
	}
	at := func(ms int64) string { return strconv.FormatInt(hourAgo+ms, 10) }
	for _, q := range []struct {
		at   string
		want int
	}{{"-2", 0}, {"-1", 50}, {at(0), 0}, {at(30_500), 31}, {at(49_000), 49}} {
		out, err := command(ctx, "", "kcat", "-Q", "-b", e.brokers, "-t", topic+":0:"+q.at)
		if err != nil {
			return err
		}
		if err := differ("offset at "+q.at, fmt.Sprintf("%s [0] offset %d\n", topic, q.want), out); err != nil {
			return err
		}
	}
	return nil
}

// kcatMember is a running `kcat -G`. It prints a line for each record, and on
// stderr each rebalance.
type kcatMember struct {
	cmd      *exec.Cmd
	mu       sync.Mutex
	lines    []string
	assigned int
	changed  chan struct{} // has a place for one sign
	readers  sync.WaitGroup
	said     []string
}

func startKcatMember(ctx context.Context, brokers, group, topic string) (*kcatMember, error) {
	m := &kcatMember{changed: make(chan struct{}, 1)}
	m.cmd = exec.CommandContext(ctx, "kcat", "-b", brokers, "-u", "-f", `%p %o %s\n`, "-X", "auto.offset.reset=earliest",
		"-X", "heartbeat.interval.ms=300", "-X", "session.timeout.ms=10000", "-X", "partition.assignment.strategy=range", "-G", group, topic)
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	errs, err := m.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := m.cmd.Start(); err != nil {
		return nil, err
	}
	m.read(out, func(line string) { m.lines = append(m.lines, line) })
	partition := regexp.MustCompile(`\[\d+\]`)
	m.read(errs, func(line string) {
		m.said = append(m.said, line)
		if _, after, ok := strings.Cut(line, "assigned: "); ok {
			m.assigned = len(partition.FindAllString(after, -1))
		}
		if strings.Contains(line, "revoked: ") {
			m.assigned = 0
		}
	})
	return m, nil
}

func (m *kcatMember) read(from io.Reader, line func(string)) {
	m.readers.Go(func() {
		s := bufio.NewScanner(from)
		for s.Scan() {
			m.mu.Lock()
			line(s.Text())
			m.mu.Unlock()
			select {
			case m.changed <- struct{}{}:
			default:
			}
		}
	})
}

// state is how many partitions it has and how many records it got.
func (m *kcatMember) state() (assigned, records int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.assigned, len(m.lines)
}

// leave ends it, as Ctrl-C does: it commits and leaves the group.
func (m *kcatMember) leave() ([]string, error) {
	if err := m.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return nil, err
	}
	m.readers.Wait()
	if err := m.cmd.Wait(); err != nil {
		return nil, fmt.Errorf("kcat -G: %w\n%s", err, strings.Join(m.said, "\n"))
	}
	return m.lines, nil
}

// untilKcat waits until the members are as they should be.
func untilKcat(ctx context.Context, what string, members []*kcatMember, holds func() bool) error {
	deadline := time.After(30 * time.Second)
	for !holds() {
		var others <-chan struct{}
		if len(members) > 1 {
			others = members[1].changed
		}
		select {
		case <-members[0].changed:
		case <-others:
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			err := fmt.Errorf("not within 30 s: %s", what)
			for i, m := range members {
				m.mu.Lock()
				err = errors.Join(err, fmt.Errorf("member %d has %d partitions, %d records; said %q", i, m.assigned, len(m.lines), m.said))
				m.mu.Unlock()
			}
			return err
		}
	}
	return nil
}

func kcatGroup(ctx context.Context, e *env, prefix string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // no kcat outlives the row
	topic, group := prefix, prefix+"-group"
	const partitions, each = 4, 100
	if err := createTopic(ctx, e.brokers, topic, partitions, nil); err != nil {
		return err
	}
	fill := func(round int) error { return fillPartitions(ctx, e.brokers, topic, partitions, each, round) }
	if err := fill(0); err != nil {
		return err
	}
	first, err := startKcatMember(ctx, e.brokers, group, topic)
	if err != nil {
		return err
	}
	one := []*kcatMember{first}
	err = untilKcat(ctx, "the first has all partitions and records", one, func() bool {
		assigned, records := first.state()
		return assigned == partitions && records == partitions*each
	})
	if err != nil {
		return err
	}
	second, err := startKcatMember(ctx, e.brokers, group, topic)
	if err != nil {
		return err
	}
	both := []*kcatMember{first, second}
	err = untilKcat(ctx, "both have two partitions", both, func() bool {
		a, _ := first.state()
		b, _ := second.state()
		return a == 2 && b == 2
	})
	if err != nil {
		return err
	}
	if err := fill(1); err != nil {
		return err
	}
	err = untilKcat(ctx, "both have their half of the second filling", both, func() bool {
		_, a := first.state()
		_, b := second.state()
		return a == partitions*each+2*each && b == 2*each
	})
	if err != nil {
		return err
	}
	lines, err := second.leave()
	if err != nil {
		return err
	}
	err = untilKcat(ctx, "the first has all partitions again", one, func() bool { a, _ := first.state(); return a == partitions })
	if err != nil {
		return err
	}
	if err := fill(2); err != nil {
		return err
	}
	err = untilKcat(ctx, "the first has the third filling", one, func() bool {
		_, a := first.state()
		return a >= 2*partitions*each+2*each
	})
	if err != nil {
		return err
	}
	rest, err := first.leave()
	if err != nil {
		return err
	}
	if err := everyRecordOnce(append(lines, rest...), partitions, 3*each); err != nil {
		return err
	}
	if err := fill(3); err != nil {
		return err
	}
	third, err := startKcatMember(ctx, e.brokers, group, topic)
	if err != nil {
		return err
	}
	err = untilKcat(ctx, "a third member resumes", []*kcatMember{third}, func() bool { _, n := third.state(); return n >= partitions*each })
	if err != nil {
		return err
	}
	again, err := third.leave()
	if err != nil {
		return err
	}
	for _, line := range again {
		if !strings.Contains(line, " round3 ") {
			return fmt.Errorf("after the commits the third got %q again", line)
		}
	}
	return nil
}

// everyRecordOnce holds lines "partition offset …" to be each offset once.
func everyRecordOnce(lines []string, partitions, each int) error {
	seen := map[string]bool{}
	for _, line := range lines {
		f := strings.Fields(line)
		at := f[0] + " " + f[1]
		if seen[at] {
			return fmt.Errorf("partition and offset %s came twice", at)
		}
		seen[at] = true
	}
	if len(seen) != partitions*each {
		return fmt.Errorf("%d different records came, expected were %d", len(seen), partitions*each)
	}
	return nil
}
