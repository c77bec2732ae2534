package host

// Listener is a process that listens at TCP ports.
type Listener struct {
	PID   int
	Name  string // comm
	Ports []int  // ascending, each once
}

// Listening is who listens on this host, by name and number.
type Listening struct {
	Processes []Listener
	// Hidden is how many processes this user may not look into: they may listen too.
	Hidden int
}
