package clusterview

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"copyscope/web"
)

const (
	// pollEvery is how soon the cluster is asked again, and pollShare bounds the part of
	// the time in which it is: a cluster of many partitions takes long to tell of all.
	pollEvery = 2 * time.Second
	pollShare = 10
	// mostGroups bounds the groups whose lag is asked for in each poll.
	mostGroups = 200
)

// snapshot is what the cluster said of itself in one poll. It is never changed.
type snapshot struct {
	at       time.Time
	took     time.Duration
	id       string
	version  string
	brokers  []web.ClusterBroker
	topics   []web.StoredTopic
	hidden   int // topics whose names are none
	groups   []web.ConsumerGroup
	groupsOf int // how many there are
}

// State is how the cluster stands, as the poller last heard.
func (v *View) State() web.ClusterState {
	v.mu.Lock()
	defer v.mu.Unlock()
	security := v.options.Protocol()
	if v.options.Mechanism != "" {
		security += " (" + v.options.Mechanism + ", " + v.options.User + ")"
	}
	return web.ClusterState{ID: v.last.id, Version: v.last.version, Security: security, Brokers: v.last.brokers, At: v.last.at, Took: v.last.took,
		Lost: v.lost, LostSince: v.from, HiddenTopics: v.last.hidden}
}

// follow polls until the context ends.
func (v *View) follow(ctx context.Context) {
	for {
		wait := max(pollEvery, (pollShare-1)*v.lastTook())
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		_ = v.refresh(ctx) // told by State
	}
}

func (v *View) lastTook() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last.took
}

// refresh asks for all that the lists show, now.
func (v *View) refresh(ctx context.Context) error {
	v.asking.Lock()
	defer v.asking.Unlock()
	began := time.Now()
	asked, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := v.ask(asked)
	err = said(err)
	if ctx.Err() != nil {
		return ctx.Err() // the end of the server, or of a reader's request, is no loss of the cluster
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		if v.lost == nil {
			v.from = time.Now()
			v.options.Log.Warn("the cluster does not answer", "err", err)
		}
		v.lost = err
		return err
	}
	if v.lost != nil {
		v.options.Log.Info("the cluster answers again", "after", time.Since(v.from).Round(time.Second))
	}
	s.at, s.took = time.Now(), time.Since(began)
	v.last, v.lost = s, nil
	return nil
}

func (v *View) ask(ctx context.Context) (s snapshot, err error) {
	m, err := v.admin.Metadata(ctx)
	if err != nil {
		return s, err
	}
	s.id = m.Cluster
	s.topics, s.hidden, err = v.stored(ctx, m)
	if err != nil {
		return s, err
	}
	if s.groups, s.groupsOf, err = v.groups(ctx, s.topics); err != nil {
		return s, err
	}
	versions, err := v.admin.ApiVersions(ctx)
	if err != nil && len(versions) == 0 {
		return s, err
	}
	for _, b := range versions.Sorted() {
		if b.Err == nil {
			s.version = b.VersionGuess()
			break
		}
	}
	s.brokers = v.describe(m)
	return s, nil
}

// describe are the brokers, with their processes where those are on this host.
func (v *View) describe(m kadm.Metadata) (all []web.ClusterBroker) {
	for _, b := range m.Brokers {
		out := web.ClusterBroker{ID: b.NodeID, Addr: net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))), Controller: b.NodeID == m.Controller, Port: int(b.Port)}
		if b.Rack != nil {
			out.Rack = *b.Rack
		}
		p, err := v.hosts.process(b.Host, int(b.Port))
		if err != nil {
			out.NotHere = err.Error()
		} else {
			out.PID, out.Name = p.PID, p.Name
		}
		all = append(all, out)
	}
	return all
}

// broker is one that the last poll told of.
func (v *View) broker(id int32) (web.ClusterBroker, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.last.brokers, func(b web.ClusterBroker) bool { return b.ID == id })
	if i < 0 {
		return web.ClusterBroker{}, false
	}
	return v.last.brokers[i], true
}

// Listeners are the addresses by which the cluster is reached. Who may reach it from
// elsewhere is not for this client to say, so none is told to be open to all.
func (v *View) Listeners() (all []web.BrokerListener) {
	for _, seed := range v.options.Seeds {
		all = append(all, web.BrokerListener{Protocol: v.options.Protocol(), Addr: seed})
	}
	return all
}

// Addr is the first of these addresses.
func (v *View) Addr() string { return v.options.Seeds[0] }

// Topics are those of the last poll.
func (v *View) Topics() (all []web.Topic) {
	v.mu.Lock()
	topics := v.last.topics
	v.mu.Unlock()
	for _, t := range topics {
		shown := web.Topic{Name: t.Name, Partitions: len(t.Partitions)}
		for _, p := range t.Partitions {
			shown.Records += p.High - p.Low
			if p.Bytes < 0 || shown.Bytes < 0 {
				shown.Bytes = -1
			} else {
				shown.Bytes += p.Bytes
			}
		}
		all = append(all, shown)
	}
	return all
}

// Connections are known to the brokers alone.
func (v *View) Connections() ([]web.BrokerConnection, error) {
	return nil, &web.Unknown{Reason: "who is connected to a broker is known to the broker alone: Kafka's protocol does not tell; its metrics (JMX) and the tools of its host do"}
}

// within bounds what a page asks for.
func within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, patience)
}

// asked says why a question failed that its asker took back: that is no loss.
func asked(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return said(err)
}
