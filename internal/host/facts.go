package host

// Facts are the settings of this host that the linux model takes over, and
// that a reader needs to judge a measurement. What the host does not tell is
// zero or empty.
type Facts struct {
	// Kernel is the release, as uname(1) -r prints it.
	Kernel string `json:"kernel"`
	// PageBytes is the page size.
	PageBytes int `json:"page_bytes"`
	CPUs      int `json:"cpus"`

	// PipeMaxBytes is fs.pipe-max-size; PipeUnlimited says that this user may
	// exceed it (CAP_SYS_RESOURCE), found by trying.
	PipeMaxBytes  int64 `json:"pipe_max_bytes"`
	PipeUnlimited bool  `json:"pipe_unlimited"`

	// Filesystem holds the source files, ReadaheadBytes is the largest
	// readahead window of its device, RequestBytes the most that one of the
	// device's requests moves; 0 is not known.
	Filesystem     string `json:"filesystem"`
	ReadaheadBytes int64  `json:"readahead_bytes"`
	RequestBytes   int64  `json:"request_bytes,omitempty"`

	// Congestion is the default congestion control; CongestionAllowed are
	// those that need no privilege, CongestionAvailable those that are loaded.
	Congestion          string   `json:"congestion"`
	CongestionAllowed   []string `json:"congestion_allowed"`
	CongestionAvailable []string `json:"congestion_available"`
}
