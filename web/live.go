package web

import (
	"net/http"
	"sync"
	"time"

	"copyscope/internal/trace"
	"copyscope/templates"
)

// live follows the host and the broker for the live page.
type live struct {
	server  *Server
	feed    *Feed
	figures *figures
	fetches *fetches
	appends *appends
	past    *past
	desk    *loadDesk // nil where no load can be put on a broker

	stop func() // closes the channel that ends the goroutines
	done sync.WaitGroup
}

func newLive(s *Server) *live {
	feed := s.hub.Feed("live")
	stop := make(chan struct{})
	l := &live{server: s, feed: feed, stop: sync.OnceFunc(func() { close(stop) }), past: newPast(), fetches: newFetches(feed, time.Now), appends: newAppends(feed, time.Now)}
	if (s.config.Load != nil || s.config.ClusterLoad != nil) && s.config.Traffic != nil {
		l.desk = newLoadDesk(l)
	}
	failed := func(err error) { s.config.Log.Error("live feed", "err", err) }
	l.done.Go(func() { publishDirty(l.fetches.dirty, stop, l.fetches.flush, failed) })
	l.done.Go(func() { publishDirty(l.appends.dirty, stop, l.appends.flush, failed) })
	if take := withTraffic(s.config.Sample, s.config.Traffic); take != nil {
		l.figures = newFigures(feed, l.past, take, s.config.SampleEvery)
		l.done.Go(func() { l.figures.run(stop, failed) })
	}
	if s.config.Broker != nil {
		l.done.Go(func() { watchTopics(s.config.Broker, feed, s.config.SampleEvery, stop, failed) })
	}
	return l
}

func (l *live) close() {
	if l.desk != nil {
		l.desk.close()
	}
	l.stop()
	l.done.Wait()
}

// Served tells the live page about one fetch, or a sum of them. It never waits.
func (s *Server) Served(served trace.Served) { s.live.fetches.served(served) }

// Appended tells the live page about one append, or a sum of them. It never
// waits.
func (s *Server) Appended(appended trace.Appended) { s.live.appends.appended(appended) }

func (l *live) page(w http.ResponseWriter, r *http.Request) {
	p := l.server.pageData(w, r, "live", "live", "provenance")
	p.Styles = []string{"live/live.css"}
	p.Modules = []string{"live/live.js"}
	p.Preload = []string{"page.js", "keys.js", "socket.js", "live/charts.js", "live/chart.js", "live/units.js", "live/store.js",
		"live/figures.js", "live/rows.js", "live/trend.js", "live/traffic.js", "live/load.js"}
	p.Socket = true
	// The sequence number is read first: what happens meanwhile is in the page
	// and in the feed, and the page's script takes it once.
	d := templates.LiveData{State: templates.LiveState{Server: l.server.hub.id, Seq: l.feed.seq(), Kept: rowsKept}}
	l.fetches.fill(&d)
	l.appends.fill(&d)
	if l.figures != nil {
		l.figures.fill(&d)
	}
	if b := l.server.config.Broker; b != nil {
		d.Broker, d.Cluster = b.Addr(), l.server.config.Cluster != nil
		d.Topics = topicRows(b)
		d.State.Topics = d.Topics
	}
	l.offerLoad(&d)
	l.server.render(w, r, http.StatusOK, templates.Live(p, d))
}

// offerLoad says what load can be started from this page, or leaves it out.
func (l *live) offerLoad(d *templates.LiveData) {
	if l.mayLoad() != nil {
		return
	}
	if l.desk.cluster != nil {
		d.Load = l.desk.clusterOffer()
		d.State.Load = &d.Load.State
		return
	}
	d.Load = &templates.LoadOffer{Paths: l.desk.load.Paths(), Lab: labTopic, LabSize: templates.Size(labBytes),
		Most: int(mostLoad.Seconds()), Usual: int(usualLoad.Seconds()), State: l.desk.shown()}
	d.State.Load = &d.Load.State
}
