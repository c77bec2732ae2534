package broker

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"copyscope/broker/log"
	"copyscope/internal/trace"
)

// events tells of fetches and appends, each kind one by one up to a rate and
// beyond it in sums, so that all that was told adds up to all that was.
type events struct {
	served   *sampler[trace.Served]
	appended *sampler[trace.Appended]
	appends  atomic.Int64 // numbers trace.Appended
}

func newEvents(cfg Config) *events {
	return &events{
		served: &sampler[trace.Served]{rate: int64(cfg.EventsPerSecond), tell: cfg.OnServed, sums: map[inCommon]*trace.Served{},
			way: func(s *trace.Served) string { return s.Path + "\x00" + s.Why }, add: addServed},
		appended: &sampler[trace.Appended]{rate: int64(cfg.EventsPerSecond), tell: cfg.OnAppended, sums: map[inCommon]*trace.Appended{},
			way: func(a *trace.Appended) string { return a.Engine }, add: addAppended},
	}
}

// flush tells the sums that are left.
func (e *events) flush() {
	e.served.flush()
	e.appended.flush()
}

// sampler tells of one kind of event.
type sampler[E any] struct {
	rate int64
	tell func(E)
	// way is what events that are added up have in common but the second; add adds one to a sum,
	// which is zero at first.
	way func(*E) string
	add func(sum, e *E)

	second, told atomic.Int64 // the latest second in which an event began (since started), and what it told

	mu   sync.Mutex
	sums map[inCommon]*E // not empty while a flush is due
}

// inCommon is what the events of one sum share: way, and the second (Unix), so
// that a second's events can be counted.
type inCommon struct {
	way    string
	second int64
}

// event tells of an event, or adds it up.
func (s *sampler[E]) event(at time.Time, e E) {
	if s.single(at) {
		s.tell(e)
	} else {
		s.sum(at, e)
	}
}

// started is where seconds are counted from: by the monotonic clock, as one that
// is set back would keep the present second for as long. It is the beginning of
// a second of the wall clock.
var started = func() time.Time {
	now := time.Now()
	return now.Add(-time.Duration(now.Nanosecond()))
}()

// single says whether one more event is told by itself. One that began in an
// earlier second, as a long transfer did, counts for the latest.
func (s *sampler[E]) single(at time.Time) bool {
	second := int64(at.Sub(started) / time.Second)
	if last := s.second.Load(); second > last && s.second.CompareAndSwap(last, second) {
		s.told.Store(0)
	}
	return s.told.Add(1) <= s.rate
}

// sum adds an event up. The first of a second makes sure that they are told.
func (s *sampler[E]) sum(at time.Time, e E) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sums) == 0 {
		time.AfterFunc(time.Second, s.flush)
	}
	key := inCommon{s.way(&e), at.Unix()}
	sum := s.sums[key]
	if sum == nil {
		sum = new(E)
		s.sums[key] = sum
	}
	s.add(sum, &e)
}

func (s *sampler[E]) flush() {
	s.mu.Lock()
	sums := s.sums
	s.sums = map[inCommon]*E{}
	s.mu.Unlock()
	for _, sum := range sums {
		s.tell(*sum)
	}
}

func addServed(sum, s *trace.Served) {
	if sum.Stands == 0 {
		*sum = trace.Served{Began: s.Began, Path: s.Path, Why: s.Why, SyscallsByName: map[string]int64{}}
	}
	sum.Stands += s.Stands
	sum.Dur += s.Dur
	sum.Bytes += s.Bytes
	sum.SocketBytes += s.SocketBytes
	addCalls(sum.SyscallsByName, s.SyscallsByName)
	if s.Err != "" {
		sum.Err = s.Err
	}
}

func addAppended(sum, a *trace.Appended) {
	if sum.Stands == 0 {
		*sum = trace.Appended{Began: a.Began, Engine: a.Engine, SyscallsByName: map[string]int64{}}
	}
	sum.Stands += a.Stands
	sum.Dur += a.Dur
	sum.Bytes += a.Bytes
	sum.Records += a.Records
	sum.Duplicates += a.Duplicates
	addCalls(sum.SyscallsByName, a.SyscallsByName)
	if a.Err != "" {
		sum.Err = a.Err
	}
}

func addCalls(sum, calls map[string]int64) {
	for name, n := range calls {
		sum[name] += n
	}
}

// append puts a producer's batch into the partition, and tells of it.
func (c *connection) append(clientID string, t *topic, index int32, to *log.Partition, records []byte) (log.Appended, error) {
	began := time.Now()
	a, err := to.Produce(records)
	e := trace.Appended{
		Seq: c.b.events.appends.Add(1), Stands: 1, Began: began, Dur: trace.Ns(time.Since(began)),
		Topic: t.name, Partition: index,
		Engine: t.configs.Load().get(configEngine), SyscallsByName: callsOf(a.Calls),
	}
	switch {
	case err != nil:
		e.Err = err.Error()
	case a.Duplicate:
		e.Duplicates = 1
	default:
		e.Bytes, e.Records = int64(len(records)), a.Last-a.Base+1
		c.b.counted.engines[e.Engine].appended(e.Bytes, a.Calls)
	}
	if c.b.events.appended.single(began) {
		e.Client = c.clientName(clientID)
		c.b.cfg.OnAppended(e)
	} else {
		c.b.events.appended.sum(began, e)
	}
	return a, err
}

// onePwrite is what almost every append makes.
var onePwrite = map[string]int64{"pwrite64": 1}

// callsOf are the calls by name; nobody may change the map.
func callsOf(c log.Calls) map[string]int64 {
	if c == (log.Calls{Pwrite: 1}) {
		return onePwrite
	}
	all := map[string]int64{"pwrite64": c.Pwrite, "fallocate": c.Fallocate, "mmap": c.Mmap, "munmap": c.Munmap}
	maps.DeleteFunc(all, func(_ string, n int64) bool { return n == 0 })
	return all
}
