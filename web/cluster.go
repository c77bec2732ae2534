package web

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"copyscope/templates"
)

// Cluster is how the cluster stands that the pages show in the place of a broker of
// this process. State never waits.
type Cluster interface{ State() ClusterState }

// ClusterState is what the cluster last said of itself. Its words are its own.
type ClusterState struct {
	ID string
	// Version is guessed from the requests that it knows.
	Version string
	// Security is how the connection is secured, without any secret.
	Security string
	Brokers  []ClusterBroker
	// At is when it last answered, and Took how long it took to.
	At   time.Time
	Took time.Duration
	// Lost is why it does not answer, LostSince since when; nil if it does.
	Lost      error
	LostSince time.Time
	// HiddenTopics is how many of its topics are not shown, as their names are none.
	HiddenTopics int
}

// ClusterBroker is a broker of the cluster.
type ClusterBroker struct {
	ID         int32
	Addr, Rack string
	Controller bool
	// PID, Name and Port are of its process on this host; PID 0 if there is none, and
	// NotHere says why.
	PID     int
	Name    string
	Port    int
	NotHere string
}

// clusterCard is the state as a page shows it; nil for the broker of this process.
func (b *brokerPages) clusterCard(p templates.PageData) *templates.ClusterCard {
	if b.cluster == nil {
		return nil
	}
	s := b.cluster.State()
	c := &templates.ClusterCard{
		ID: oneLine(cmp.Or(s.ID, "–"), nameShown), Version: oneLine(cmp.Or(s.Version, "–"), nameShown), Security: oneLine(s.Security, nameShown),
		As: p.T("cluster.as", "Time", clock(s.At), "Seconds", int64(time.Since(s.At).Seconds()), "Took", templates.Duration(int64(s.Took.Round(time.Millisecond)))),
	}
	if s.Lost != nil {
		why := strings.TrimPrefix(s.Lost.Error(), ErrLost.Error()+": ") // which the sentence says itself
		c.Lost = p.T("cluster.lost", "Time", clock(s.LostSince), "Reason", visible(p.Sentence(why), reasonShown))
	}
	if s.HiddenTopics > 0 {
		c.Hidden = p.T("cluster.hidden", "Count", s.HiddenTopics)
	}
	for _, broker := range s.Brokers {
		row := templates.ClusterBrokerRow{ID: strconv.Itoa(int(broker.ID)), Addr: oneLine(broker.Addr, nameShown), Rack: oneLine(cmp.Or(broker.Rack, "–"), nameShown),
			Controller: broker.Controller, NotHere: p.Sentence(broker.NotHere)}
		if broker.PID != 0 {
			row.Process = oneLine(broker.Name, nameShown) + " (pid " + strconv.Itoa(broker.PID) + ")"
			row.Watch = watchURL(broker.Port)
		}
		c.Brokers = append(c.Brokers, row)
	}
	return c
}

// watchURL is the attach page with the broker's port, and the path that Kafka's brokers
// send plain text by.
func watchURL(port int) string {
	return "/attach?" + url.Values{"port": {strconv.Itoa(port)}, "expect": {"sendfile"}}.Encode()
}

// clock is a time of day.
func clock(t time.Time) string { return t.UTC().Format(time.TimeOnly) + " UTC" }
