package scenario

// Scenario is what a file holds, schema 1.
type Scenario struct {
	Schema  int      `yaml:"schema"`
	Name    string   `yaml:"name"`
	Title   Text     `yaml:"title"`
	About   Text     `yaml:"about"`
	Machine Machine  `yaml:"machine"`
	Files   []File   `yaml:"files"`
	Threads []Thread `yaml:"threads"`
	Limits  Limits   `yaml:"limits"`
}

// Text is in both languages.
type Text struct {
	En string `yaml:"en" json:"en"`
	Zh string `yaml:"zh" json:"zh"`
}

// Machine is the modelled computer; what is left out is as in a run that says
// nothing else.
type Machine struct {
	Model      string  `yaml:"model"` // textbook, linux
	Net        string  `yaml:"net"`   // nic, loopback
	CPUs       *int    `yaml:"cpus"`
	Memory     Size    `yaml:"memory"` // of the page cache; 0: no bound
	Disk       string  `yaml:"disk"`   // hdd, ssd, nvme
	NIC        string  `yaml:"nic"`    // 1g, 10g, 100g
	DMA        *Switch `yaml:"dma"`
	SG         *Switch `yaml:"sg"`
	TSO        *Switch `yaml:"tso"`
	MTU        *Size   `yaml:"mtu"`
	LLC        Size    `yaml:"llc"` // the last-level cache; 0: not modelled
	Readahead  *Size   `yaml:"readahead"`
	SendBuffer *Size   `yaml:"send_buffer"`
	Dirty      *Dirty  `yaml:"dirty"`
}

// Dirty are the thresholds of write-back.
type Dirty struct {
	Background *Size     `yaml:"background"`
	Limit      *Size     `yaml:"limit"`
	Expire     *Duration `yaml:"expire"`
	Interval   *Duration `yaml:"interval"`
}

// File is a file on the machine's disk.
type File struct {
	Name string `yaml:"name"`
	Size Size   `yaml:"size"`
	// Cached is how much of its begin is in the page cache: all, none or a size.
	Cached string `yaml:"cached"`
}

// FileBytes is how many bytes the scenario's files have when it begins, and how
// many of them are in the page cache.
func (s *Scenario) FileBytes() (size, cached int64) {
	for i := range s.Files {
		n, _ := s.Files[i].cached() // it was checked
		size, cached = size+int64(s.Files[i].Size), cached+n
	}
	return size, cached
}

// Thread is one thread, or Count of them that do the same.
type Thread struct {
	Name  string   `yaml:"name"`
	Count int      `yaml:"count"`
	Start Duration `yaml:"start"`
	// Every is how much later each of several threads begins than the one before.
	Every Duration `yaml:"every"`
	Do    []Step   `yaml:"do"`
}

// Step is one thing that a thread does: one of its fields is set.
type Step struct {
	Send   *Send     `yaml:"send"`
	Read   *Read     `yaml:"read"`
	Append *Append   `yaml:"append"`
	Think  *Duration `yaml:"think"`
	Repeat *Repeat   `yaml:"repeat"`
}

// Send sends a part of a file to a connection of the thread's own, by tee to two.
type Send struct {
	Path     string `yaml:"path"`
	File     string `yaml:"file"`
	From     Size   `yaml:"from"`
	Bytes    Size   `yaml:"bytes"` // 0: up to the end
	Chunk    Size   `yaml:"chunk"`
	Reader   Rate   `yaml:"reader"` // 0: as fast as it can
	ZeroCopy Switch `yaml:"zerocopy"`
	// Follow: wait for what is appended, as a consumer at the end of a log does.
	Follow Switch `yaml:"follow"`
	// Head is how many bytes of the thread's own memory are written before what is
	// sent each time, as the header of a broker's answer is; 0: none.
	Head Size `yaml:"head"`
}

// Read reads a part of a file into the thread's memory.
type Read struct {
	File    string `yaml:"file"`
	Pattern string `yaml:"pattern"` // sequential, random, stride
	Stride  Size   `yaml:"stride"`
	From    Size   `yaml:"from"`
	Bytes   Size   `yaml:"bytes"` // in all; 0: as many as there are from From on
	Chunk   Size   `yaml:"chunk"`
	Seed    uint64 `yaml:"seed"`
}

// Append writes at the end of a file.
type Append struct {
	File   string `yaml:"file"`
	Engine string `yaml:"engine"` // write, mmap
	// Received: each batch comes over a connection of the thread's own first, as a
	// producer's does; else it is in the thread's memory.
	Received Switch `yaml:"received"`
	Bytes    Size   `yaml:"bytes"`
	Batch    Size   `yaml:"batch"`
	// Flush is when the file is forced to the disk: none (the kernel writes it
	// back), every (after each batch), messages, interval. What has gone by since
	// the thread last forced the file counts, whichever of its steps did.
	Flush string `yaml:"flush"`
	// Messages is after how many batches. Kafka's flush.messages counts records;
	// a batch has none here, so that it is one message.
	Messages int64 `yaml:"messages"`
	// Interval is after how long; it is looked at after each batch.
	Interval Duration `yaml:"interval"`
	// Pace is a pause after each batch.
	Pace Duration `yaml:"pace"`
}

// Repeat does steps again and again.
type Repeat struct {
	Times int    `yaml:"times"`
	Do    []Step `yaml:"do"`
}

// Limits bound a run.
type Limits struct {
	// Events is how many a run may have, by estimate; 20 million if left out.
	Events int64 `yaml:"events"`
}
