// Package web serves the pages: HTTP, the websocket hub, the live feed. Its
// HTML comes from package templates, its words from internal/locale.
//
// Files: server (configuration, routes), page (what every page is given),
// security (who may ask), assets (static files), hub, client, message and feed
// (the websocket; docs/websocket.md draws the frames), and one file per page.
//
// Locks: Hub.mu guards the set of clients, Feed.mu a feed's ring, each for a
// few lines and never while another is held. Nothing is written to the network
// under a lock.
package web
