package templates

// ClusterCard is how a cluster stands that is not this process's. What the cluster said
// of itself is harmless text here.
type ClusterCard struct {
	ID, Version, Security string
	// As is when it last answered, and how long that took.
	As string
	// Lost is since when it does not answer, and why; empty if it does.
	Lost    string
	Brokers []ClusterBrokerRow
	// Hidden says what of its answers is not shown, if something is not.
	Hidden string
}

// ClusterBrokerRow is one of its brokers.
type ClusterBrokerRow struct {
	ID, Addr, Rack string
	Controller     bool
	// Process is its process on this host, Watch the page that watches it; NotHere is
	// why there is none.
	Process, Watch, NotHere string
}
