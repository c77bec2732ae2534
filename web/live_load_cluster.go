package web

import (
	"context"
	"strconv"
	"sync"
	"time"

	"copyscope/templates"
)

// ClusterLoad puts a bounded load on a cluster that is not of this process. What it moves
// is counted at its client ([Traffic]).
type ClusterLoad interface {
	// Run makes a topic of its own, produces to it and reads it until the time is over,
	// and deletes it; the error says so if it stays. If ctx ends, its cause is the error.
	// told is given the topic and what is done with it from now on: produce or fetch.
	Run(ctx context.Context, length time.Duration, told func(topic, doing string)) error
	// Watched are the ports of the brokers whose processes are on this host.
	Watched() []int
}

// clusterRows are what a load on a cluster does, in its order.
var clusterRows = []string{"produce", "fetch"}

// rowOrder is the order of the rows of what was measured.
func (d *loadDesk) rowOrder() []string {
	if d.cluster != nil {
		return clusterRows
	}
	return d.load.Paths()
}

// clusterOffer is the load that a page may put on the cluster.
func (d *loadDesk) clusterOffer() *templates.LoadOffer {
	o := &templates.LoadOffer{Cluster: true, Most: int(mostLoad.Seconds()), Usual: 20, State: d.shown()}
	for _, port := range d.cluster.Watched() {
		o.Watch = append(o.Watch, templates.WatchLink{Port: strconv.Itoa(port), URL: watchURL(port)})
	}
	return o
}

// runCluster runs a load on the cluster, and reads what it moves.
func (d *loadDesk) runCluster(ctx context.Context, length time.Duration) error {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	var once sync.Once
	return d.cluster.Run(ctx, length, func(topic, doing string) {
		d.mu.Lock()
		d.state.Topic = topic
		d.mu.Unlock()
		once.Do(func() {
			d.fetching(doing)
			watch.Go(func() { d.readTraffic(watching, func() {}) })
		})
		d.turned(doing)
	})
}

// turned says that the load does something else from now on.
func (d *loadDesk) turned(doing string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flipped, d.state.Path = time.Now(), doing
	d.publish()
}
