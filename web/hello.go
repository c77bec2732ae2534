package web

import (
	"context"
	"fmt"
)

// greeting is the body of hello: which feeds the client follows, each with the
// last sequence number that it has seen (0: none), and the id of the server
// that counted them.
type greeting struct {
	Server string            `json:"server"`
	Resume map[string]uint64 `json:"resume"`
}

// welcome is the body of the answer.
type welcome struct {
	Server  string               `json:"server"`
	Version string               `json:"version"`
	Feeds   map[string]feedState `json:"feeds"`
}

// feedState says where a feed goes on: after From, the newest being To, with
// Lost messages in between that are gone.
type feedState struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	Lost uint64 `json:"lost"`
}

// hello subscribes the client to the feeds it names.
func hello(_ context.Context, c *Client, m Message) error {
	var g greeting
	if err := m.Decode(&g); err != nil {
		return err
	}
	answer := welcome{Server: c.hub.id, Version: c.hub.version, Feeds: map[string]feedState{}}
	for name, seen := range g.Resume {
		feed := c.hub.lookup(name)
		if feed == nil {
			return Problem{"feed", fmt.Sprintf("there is no feed %q", name), "see docs/websocket.md for the feeds"}
		}
		if g.Server != "" && g.Server != c.hub.id {
			seen = 0 // counted by another run of the server
		}
		to := feed.seq()
		seen = min(seen, to)
		_, _, lost := feed.since(seen, 0)
		answer.Feeds[name] = feedState{From: seen, To: to, Lost: lost}
	}
	if err := c.Send("welcome", m.ID, answer); err != nil {
		return err
	}
	for name, state := range answer.Feeds {
		c.follow(name, state.From)
	}
	return nil
}
