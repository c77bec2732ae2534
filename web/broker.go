package web

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/templates"
)

// What one page of the broker shows at most.
const (
	brokerTopicsShown  = 500
	brokerGroupsShown  = 200
	brokerOffsetsShown = 1000
	brokerClientsShown = 200
)

// brokerPages are the pages of the broker.
type brokerPages struct {
	*Server
	store   BrokerStore
	cluster Cluster // nil for the broker of this process
	// refused is the message that says why nothing can be changed here; empty if it
	// can. open says that who reaches these pages may read records: the broker
	// itself gives them to as many, and asks nobody who it is.
	refused string
	open    bool
	origins *http.CrossOriginProtection
	reading *queue // pages that decompress batches
}

func (s *Server) brokerRoutes() {
	b := &brokerPages{Server: s, store: s.config.Store, cluster: s.config.Cluster, origins: http.NewCrossOriginProtection(), reading: newQueue(2)}
	local := s.local()
	if !local {
		b.refused = "broker.refused.remote"
	}
	s.mux.HandleFunc("GET /broker", b.overview)
	if b.store == nil {
		return
	}
	b.open = local || slices.ContainsFunc(b.store.Listeners(), func(l BrokerListener) bool { return l.Anonymous && !onLoopback(l.Addr) })
	s.mux.HandleFunc("GET /broker/topics/{topic}", b.topic)
	s.mux.HandleFunc("GET /broker/topics/{topic}/{partition}", b.records)
	s.mux.HandleFunc("GET /broker/topics/{topic}/{partition}/{part}", b.download)
	s.mux.HandleFunc("GET /broker/groups", func(w http.ResponseWriter, r *http.Request) { b.group(w, r, r.URL.Query().Get("id")) })
	s.mux.HandleFunc("GET /broker/groups/{group}", func(w http.ResponseWriter, r *http.Request) { b.group(w, r, r.PathValue("group")) })
	s.mux.HandleFunc("GET /broker/connections", b.connections)
	s.mux.HandleFunc("POST /broker/topics", b.changing(b.create))
	s.mux.HandleFunc("POST /broker/topics/{topic}/configs", b.changing(b.alter))
	s.mux.HandleFunc("POST /broker/topics/{topic}/partitions", b.changing(b.grow))
	s.mux.HandleFunc("POST /broker/topics/{topic}/delete", b.changing(b.remove))
}

// page is what every page of the broker is given.
func (b *brokerPages) page(w http.ResponseWriter, r *http.Request) templates.PageData {
	p := b.pageData(w, r, "broker", "broker.refresh")
	p.Styles = []string{"broker/broker.css"}
	p.Modules = []string{"broker/broker.js"}
	p.Preload = []string{"page.js", "keys.js"}
	// A browser names the site that a form was sent from only if the page lets it.
	w.Header().Set("Referrer-Policy", "same-origin")
	return p
}

// whyNot is why nothing can be changed here, in the reader's language.
func (b *brokerPages) whyNot(p templates.PageData) string {
	if b.refused == "" {
		return ""
	}
	return p.T(b.refused)
}

// kafka is the address for commands to copy: one that the reader's host reaches.
func (b *brokerPages) kafka() string {
	if b.store == nil || len(b.store.Listeners()) == 0 {
		return ""
	}
	addr := b.store.Listeners()[0].Addr
	if host, port, err := net.SplitHostPort(addr); err == nil {
		if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
			return net.JoinHostPort("127.0.0.1", port)
		}
	}
	return addr
}

func (b *brokerPages) overview(w http.ResponseWriter, r *http.Request) {
	p := b.page(w, r)
	d, err := b.overviewData(r.Context(), p, r.URL.Query().Get("q"))
	if err != nil {
		b.failed(w, r, p, err, "")
		return
	}
	if name := r.URL.Query().Get("deleted"); name != "" {
		d.Done = p.T("broker.done.deleted", "Name", visible(name, nameShown))
	}
	b.render(w, r, http.StatusOK, templates.Broker(p, d))
}

func (b *brokerPages) overviewData(ctx context.Context, p templates.PageData, query string) (d templates.BrokerData, err error) {
	if b.store == nil {
		return d, nil
	}
	d = templates.BrokerData{There: true, Refused: b.whyNot(p), Addr: b.kafka(), Query: oneLine(query, nameShown), Cluster: b.clusterCard(p)}
	if connections, err := b.store.Connections(); err == nil {
		d.Connections = p.T("broker.connections.open", "Count", len(connections))
	}
	for _, l := range b.store.Listeners() {
		d.Listeners = append(d.Listeners, templates.BrokerListener{Protocol: l.Protocol, Addr: l.Addr})
	}
	topics, err := b.store.StoredTopics(ctx)
	if err != nil {
		return d, err
	}
	fit := 0
	for _, t := range topics {
		if t.Full != nil && d.Full == "" {
			d.Full = fullDisk(p, t.Full)
		}
	}
	for _, t := range topics {
		if !strings.Contains(strings.ToLower(t.Name), strings.ToLower(query)) {
			continue
		}
		if fit++; fit <= brokerTopicsShown {
			d.Topics = append(d.Topics, brokerTopicRow(p, t))
		}
	}
	d.TopicsShown = shownOf(p, len(d.Topics), fit)
	groups, total, err := b.store.Groups(ctx, brokerGroupsShown)
	if err != nil {
		return d, err
	}
	for _, g := range groups {
		lag := groupLag(g)
		d.Groups = append(d.Groups, templates.BrokerGroupRow{
			Name: visible(g.ID, nameShown), URL: templates.GroupURL(g.ID), Type: g.Type, State: g.State,
			Members: strconv.Itoa(len(g.Members)), Lag: humanize.Comma(lag), Behind: lag > 0,
		})
	}
	d.GroupsShown = shownOf(p, len(d.Groups), total)
	d.Create = templates.TopicForm{Partitions: "1", Fields: configFields(p, b.store.TopicDefaults())}
	return d, nil
}

// shownOf says that not all is shown; empty if all is.
func shownOf(p templates.PageData, shown, all int) string {
	if shown >= all {
		return ""
	}
	return p.T("broker.shown", "Shown", humanize.Comma(int64(shown)), "All", humanize.Comma(int64(all)))
}

func brokerTopicRow(p templates.PageData, t StoredTopic) templates.BrokerTopicRow {
	records, bytes, offline := topicTotal(t)
	row := templates.BrokerTopicRow{Name: t.Name, Partitions: strconv.Itoa(len(t.Partitions)), Records: humanize.Comma(records), Bytes: sizeOrUnknown(bytes),
		Path: cmp.Or(t.FetchPath, "–"), Engine: cmp.Or(t.Engine, "–"), Internal: t.Internal}
	if t.Full != nil {
		row.Full = p.T("broker.full.row")
	}
	if offline > 0 {
		row.Offline = p.T("broker.offline", "Count", offline)
	}
	return row
}

// topicTotal is what a topic's partitions hold together; the bytes are negative where
// those of one are not known.
func topicTotal(t StoredTopic) (records, bytes int64, offline int) {
	for _, part := range t.Partitions {
		records += part.High - part.Low
		if part.Bytes < 0 {
			bytes = -1
		} else if bytes >= 0 {
			bytes += part.Bytes
		}
		if part.Offline {
			offline++
		}
	}
	return records, bytes, offline
}

// sizeOrUnknown is a dash for what is not known, which is negative.
func sizeOrUnknown(bytes int64) string {
	if bytes < 0 {
		return "–"
	}
	return templates.Size(bytes)
}

// missingThing answers for a topic, partition or group that there is not.
func (b *brokerPages) missingThing(w http.ResponseWriter, r *http.Request, p templates.PageData, what string) {
	b.render(w, r, http.StatusNotFound, templates.BrokerMissing(p, what))
}

// failed answers for what the broker could not do.
func (b *brokerPages) failed(w http.ResponseWriter, r *http.Request, p templates.PageData, err error, what string) {
	switch {
	case errors.Is(err, ErrNoTopic), errors.Is(err, ErrNoGroup):
		b.missingThing(w, r, p, oneLine(what, nameShown))
		return
	case errors.Is(err, ErrLost):
		b.render(w, r, http.StatusServiceUnavailable, templates.ClusterLost(p, b.clusterCard(p), b.reason(p, err)))
		return
	}
	b.config.Log.Error("broker page", "path", r.URL.Path, "err", err)
	http.Error(w, p.T("broker.failed", "Reason", visible(p.Sentence(err.Error()), reasonShown)), http.StatusInternalServerError)
}

// moment writes a time in ms.
func moment(ms int64) string {
	if ms < 0 {
		return "–"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000") + " UTC"
}
