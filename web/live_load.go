package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"copyscope/internal/locale"
	"copyscope/templates"
)

// FetchLoad puts a bounded load on the broker over loopback, and says by which
// path it serves.
type FetchLoad interface {
	// Paths are the fetch paths that a topic can have.
	Paths() []string
	// SetFetchPath sets a topic's path for the next fetch on; an empty one is the
	// broker's default. before is the topic's own setting until then.
	SetFetchPath(ctx context.Context, topic, path string) (before string, err error)
	// Fill makes sure that a topic exists and holds at least so many bytes.
	Fill(ctx context.Context, topic string, bytes int64) error
	// Fetch reads the topic again and again, in a process of its own, until the
	// bytes or the time are over or ctx ends, whose cause is the error then.
	// congestion is the congestion control of its sockets.
	Fetch(ctx context.Context, topic string, bytes int64, d time.Duration) (congestion string, err error)
}

// Limits of the load.
const (
	// labTopic is filled once for the load; labBytes is what it then takes of the
	// disk, and of the page cache.
	labTopic = "copyscope-lab"
	labBytes = 64 << 20
	// mostLoadBytes bounds what one load fetches, mostLoad how long it takes.
	mostLoadBytes = 512 << 30
	mostLoad      = 60 * time.Second
	usualLoad     = 40 * time.Second
	// mostFill is how long filling may take.
	mostFill = 60 * time.Second
	// loadEvery is how often what the load moves is read.
	loadEvery = 200 * time.Millisecond
)

// loadDesk runs one load at a time. Its lock is the desk's.
type loadDesk struct {
	desk
	live    *live
	load    FetchLoad
	cluster ClusterLoad // in the place of load, of which a desk has one
	state   templates.LoadState
	flipped time.Time // when the path last changed
	tally   loadTally
}

func newLoadDesk(l *live) *loadDesk {
	return &loadDesk{desk: desk{server: l.server, feed: l.feed}, live: l, load: l.server.config.Load, cluster: l.server.config.ClusterLoad, state: templates.LoadState{Phase: "idle", Rows: []templates.LoadRow{}}}
}

// errLoadStopped ends a load that a reader stops.
var errLoadStopped = errors.New("stopped")

// begin starts a load. In turns, each path serves for an equal part of it.
func (d *loadDesk) begin(topic string, length time.Duration, turns bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel != nil {
		return Problem{"busy", "a load is under way on topic " + d.state.Topic, "follow it on this page, or stop it first"}
	}
	ctx, cancel := context.WithCancelCause(d.server.hub.ctx)
	d.cancel = func() { cancel(errLoadStopped) }
	d.state = templates.LoadState{Phase: "filling", Topic: topic, Path: d.live.pathOf(topic), ForMs: length.Milliseconds(), Turns: turns, Rows: []templates.LoadRow{}}
	d.tally = loadTally{}
	d.publish()
	d.done.Go(func() {
		congestion, err := d.run(ctx, topic, length, turns)
		d.end(congestion, err)
		cancel(nil)
	})
	return nil
}

// run fills, fetches, and puts the path back.
func (d *loadDesk) run(ctx context.Context, topic string, length time.Duration, turns bool) (congestion string, err error) {
	defer d.rescue("a load", &err)
	if d.cluster != nil {
		return "", d.runCluster(ctx, length)
	}
	if topic == labTopic {
		filling, stop := context.WithTimeout(ctx, mostFill)
		err := d.load.Fill(filling, topic, labBytes)
		stop()
		if err != nil {
			return "", err
		}
	}
	first := d.load.Paths()[0]
	if !turns {
		if path := d.live.pathOf(topic); path != "" {
			first = path
		}
	}
	before, err := d.load.SetFetchPath(ctx, topic, first)
	if err != nil {
		return "", err
	}
	defer func() {
		// Also when the server ends: the broker is there until the pages are closed.
		back, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer stop()
		_, failed := d.load.SetFetchPath(back, topic, before)
		err = errors.Join(err, failed)
	}()
	d.fetching(first)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watch sync.WaitGroup
	watch.Go(func() { d.watch(watching, length, turns) })
	defer watch.Wait()
	defer stop()
	return d.load.Fetch(ctx, topic, mostLoadBytes, length)
}

// fetching says that the load itself begins.
func (d *loadDesk) fetching(path string) {
	d.mu.Lock()
	d.began, d.flipped = time.Now(), time.Now()
	d.state.Phase, d.state.Path = "running", path
	d.publish()
	topic := d.state.Topic
	d.mu.Unlock()
	d.live.annotate(mark{Kind: "begin", Topic: topic, Path: path})
}

// watch reads what is moved, by which path, and in turns flips the path.
func (d *loadDesk) watch(ctx context.Context, length time.Duration, turns bool) {
	paths, turn := d.load.Paths(), 0
	d.readTraffic(ctx, func() {
		if due := int(time.Since(d.began) * time.Duration(len(paths)) / length); turns && due > turn && due < len(paths) {
			turn = due
			if err := d.flip(ctx, d.topic(), paths[turn]); err != nil {
				d.server.config.Log.Error("flip the path", "err", err)
			}
		}
	})
}

// readTraffic reads what is moved, again and again until ctx ends; then is called after
// each time.
func (d *loadDesk) readTraffic(ctx context.Context, then func()) {
	tick := time.NewTicker(loadEvery)
	defer tick.Stop()
	for last, at := d.server.config.Traffic(), time.Now(); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now, next := d.server.config.Traffic(), time.Now()
		d.measure(last, now, at, next)
		last, at = now, next
		then()
	}
}

func (d *loadDesk) topic() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.Topic
}

// measure takes in what was moved between two readings. The time in which a flip
// falls is of no path.
func (d *loadDesk) measure(before, now Traffic, from, to time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.flipped.Before(from) {
		d.tally.add(before, now, to.Sub(from))
	}
	d.state.Rows = d.tally.rows(d.rowOrder())
	d.publish()
}

// flip sets a topic's path, and marks the charts.
func (d *loadDesk) flip(ctx context.Context, topic, path string) error {
	if _, err := d.load.SetFetchPath(ctx, topic, path); err != nil {
		return err
	}
	d.mu.Lock()
	d.flipped = time.Now()
	if d.cancel != nil && d.state.Topic == topic {
		d.state.Path = path
		d.publish()
	}
	d.mu.Unlock()
	d.live.annotate(mark{Kind: "path", Topic: topic, Path: path})
	return nil
}

// end shows what was measured, or why nothing was.
func (d *loadDesk) end(congestion string, err error) {
	d.mu.Lock()
	ran := d.state.Phase == "running"
	d.cancel = nil
	d.state.Phase, d.state.Congestion = "done", congestion
	if err != nil && !errors.Is(err, errLoadStopped) && !errors.Is(err, context.Canceled) {
		d.state.Phase, d.state.Error = "failed", locale.Speak(err.Error())
	}
	d.state.Rows = d.tally.rows(d.rowOrder())
	d.publish()
	topic := d.state.Topic
	d.mu.Unlock()
	if ran {
		d.live.annotate(mark{Kind: "end", Topic: topic, Path: d.live.pathOf(topic)})
	}
}

// publish tells the feed how the load stands; the caller holds the lock.
func (d *loadDesk) publish() {
	if d.state.Phase == "running" || d.state.Phase == "done" {
		d.state.ElapsedMs = d.elapsedMs(d.state.ForMs)
	}
	d.tell("live.load", d.state)
}

func (d *loadDesk) shown() templates.LoadState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

func (d *loadDesk) close() {
	d.stop()
	d.done.Wait()
}

// pathOf is the path that serves a topic now; empty if there is no such topic.
func (l *live) pathOf(topic string) string {
	if l.server.config.Broker == nil {
		return ""
	}
	for _, t := range l.server.config.Broker.Topics() {
		if t.Name == topic {
			return t.FetchPath
		}
	}
	return ""
}

// mayLoad refuses what changes the broker to pages that other machines can
// reach: nobody has said who may.
func (l *live) mayLoad() error {
	switch {
	case l.desk == nil:
		return Problem{"unavailable", "this server puts no load on a broker", "start copyscope serve with its broker, on a loopback address"}
	case !l.server.local():
		return Problem{"local", "pages that other machines can reach put no load on this host", "serve the pages on 127.0.0.1"}
	}
	return nil
}

// startLoad answers live.load.start: live.load.started, or why not.
func (l *live) startLoad(_ context.Context, c *Client, m Message) error {
	var ask struct {
		Topic   string `json:"topic"`
		Seconds int    `json:"seconds"`
		Turns   bool   `json:"turns"`
	}
	if err := m.Decode(&ask); err != nil {
		return err
	}
	if err := l.mayLoad(); err != nil {
		return err
	}
	length := time.Duration(ask.Seconds) * time.Second
	if ask.Seconds == 0 {
		length = usualLoad
	}
	if length < time.Second || length > mostLoad {
		return Problem{"field", fmt.Sprintf("%d seconds are no time for a load", ask.Seconds), fmt.Sprintf("write 1 to %d", int(mostLoad.Seconds()))}
	}
	if l.desk.cluster != nil {
		if ask.Topic != "" {
			return Problem{"topic", fmt.Sprintf("a load on a cluster makes a topic of its own and deletes it; it does not load %.100q, which may be in use", ask.Topic), "leave the topic out"}
		}
		if err := l.desk.begin("", length, false); err != nil {
			return err
		}
		return c.Send("live.load.started", m.ID, map[string]any{})
	}
	if ask.Topic == "" {
		ask.Topic = labTopic
	}
	if ask.Topic != labTopic && l.pathOf(ask.Topic) == "" {
		return Problem{"topic", fmt.Sprintf("there is no topic %.100q", ask.Topic), "choose one of the list"}
	}
	if err := l.desk.begin(ask.Topic, length, ask.Turns); err != nil {
		return err
	}
	return c.Send("live.load.started", m.ID, map[string]any{})
}

// stopLoad answers live.load.stop, which ends the load that is under way.
func (l *live) stopLoad(_ context.Context, c *Client, m Message) error {
	if err := l.mayLoad(); err != nil {
		return err
	}
	if !l.desk.stop() {
		return Problem{"stop", "no load is under way", "it may have ended already"}
	}
	return c.Send("live.load.stopped", m.ID, map[string]any{})
}

// flipPath answers live.path, which sets the fetch path of a topic.
func (l *live) flipPath(ctx context.Context, c *Client, m Message) error {
	var ask struct {
		Topic string `json:"topic"`
		Path  string `json:"path"`
	}
	if err := m.Decode(&ask); err != nil {
		return err
	}
	if err := l.mayLoad(); err != nil {
		return err
	}
	if l.desk.cluster != nil {
		return Problem{"unavailable", "by which path a Kafka broker sends is not for a client to choose", "watch it on the attach page, or serve copyscope's own broker"}
	}
	if !slices.Contains(l.desk.load.Paths(), ask.Path) {
		return Problem{"field", fmt.Sprintf("%.100q is no fetch path", ask.Path), "use one of " + joined(l.desk.load.Paths())}
	}
	if err := l.desk.flip(ctx, ask.Topic, ask.Path); err != nil {
		return Problem{"topic", err.Error(), "choose one of the list"}
	}
	return c.Send("live.path.set", m.ID, map[string]any{"topic": ask.Topic, "path": ask.Path})
}
