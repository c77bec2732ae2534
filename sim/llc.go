package sim

import "copyscope/internal/trace"

// llc is the last-level cache that the processors share, in blocks of 4 KiB:
// least recently used out first, writes allocate, what was written goes back to
// memory when it is driven out. Devices' DMA looks into it (what it reads may
// come from there) but puts nothing in: what a device writes to memory is
// dropped from the cache (on processors that do let devices write into it, Intel
// DDIO, that is a part of the ways only).
//
// It changes no time: what a copy costs is the profile's rate.
type llc struct {
	blocks   map[blockID]int32
	nodes    []block
	capacity int
	// head and tail of the list, the most recently used first.
	head, tail int32
	// The socket buffers' memory is taken round and round: a ring as large as
	// what was in it at the most.
	in, out, ring int64
}

// blockID says what is in a block: of the page cache, of a thread's memory, or
// of the socket buffers.
type blockID struct {
	space spaceKind
	owner int32 // file or thread
	index int64
}

type spaceKind uint8

const (
	inPageCache spaceKind = iota
	inUserBuffer
	inSecondBuffer // what user code makes of the first one's bytes
	inSocketBuffer
)

type block struct {
	id         blockID
	prev, next int32
	dirty      bool
}

const blockBytes = 4096

func newLLC(bytes int64) *llc {
	return &llc{blocks: map[blockID]int32{}, capacity: int(bytes / blockBytes), head: -1, tail: -1}
}

// use brings a block in, and says what that moved over the memory bus, and what
// it drove out.
func (c *llc) use(id blockID, write bool) (bus, out int64) {
	if n, ok := c.blocks[id]; ok {
		c.nodes[n].dirty = c.nodes[n].dirty || write
		c.unlink(n)
		c.push(n)
		return 0, 0
	}
	var n int32
	if len(c.nodes) < c.capacity {
		n = int32(len(c.nodes))
		c.nodes = append(c.nodes, block{})
	} else {
		n = c.tail
		out = blockBytes
		if c.nodes[n].dirty {
			bus += blockBytes
		}
		delete(c.blocks, c.nodes[n].id)
		c.unlink(n)
	}
	c.nodes[n] = block{id: id, dirty: write}
	c.blocks[id] = n
	c.push(n)
	// A copy writes whole lines, so that they need not be read first.
	if !write {
		bus += blockBytes
	}
	return bus, out
}

// drop takes a block out: a device has written to its memory.
func (c *llc) drop(id blockID) {
	if n, ok := c.blocks[id]; ok {
		c.nodes[n].dirty = false
		c.nodes[n].id = blockID{index: -1 - int64(n)} // an empty one, the next to go
		delete(c.blocks, id)
		c.unlink(n)
		c.append(n)
	}
}

func (c *llc) unlink(n int32) {
	b := &c.nodes[n]
	if b.prev >= 0 {
		c.nodes[b.prev].next = b.next
	} else {
		c.head = b.next
	}
	if b.next >= 0 {
		c.nodes[b.next].prev = b.prev
	} else {
		c.tail = b.prev
	}
}

func (c *llc) push(n int32) {
	c.nodes[n].prev, c.nodes[n].next = -1, c.head
	if c.head >= 0 {
		c.nodes[c.head].prev = n
	} else {
		c.tail = n
	}
	c.head = n
}

func (c *llc) append(n int32) {
	c.nodes[n].prev, c.nodes[n].next = c.tail, -1
	if c.tail >= 0 {
		c.nodes[c.tail].next = n
	} else {
		c.head = n
	}
	c.tail = n
}

// put is where n more bytes go in the socket buffers; get is where the oldest n
// of them are.
func (c *llc) put(n int64) int64 {
	at := c.in
	c.in += n
	c.ring = max(c.ring, (c.in-c.out+segmentBytes-1)/segmentBytes*segmentBytes)
	return at
}

func (c *llc) get(n int64) int64 {
	at := c.out
	c.out = min(c.out+n, c.in)
	return at
}

// moves says of each form whether it reads or writes memory.
var moves = func() (out [forms]bool) {
	for f, s := range formed {
		worked := s.Kind == trace.Compute && s.From != "" && s.To != "" && s.From != trace.DiskPlace
		out[f] = s.Kind == trace.CPUCopy || s.Kind == trace.DMA || s.Kind == trace.PIO || worked
	}
	return out
}()

// memory tells what an event moves over the memory bus and drives out of the
// last-level cache. A device's transfer counts when the device is told of it.
func (m *Machine) memory(f form, at trace.Ns, file FileID, n, off int64) {
	s := &formed[f]
	device := s.Kind == trace.DMA
	var bus, out int64
	touch := func(place trace.Place, second, write bool) {
		id, begin := blockID{}, int64(0)
		switch place {
		case trace.PageCache, trace.UserMapping:
			id, begin = blockID{space: inPageCache, owner: int32(file)}, max(off, 0)
		case trace.UserBuffer:
			id = blockID{space: inUserBuffer}
			if second {
				id.space = inSecondBuffer
			}
			if m.running != nil {
				id.owner = m.running.id
			}
			if s.Endpoint == trace.Receiver {
				id.owner = -1
			}
		case trace.SocketBuffer:
			id = blockID{space: inSocketBuffer}
			if write {
				begin = m.llc.put(n)
			} else {
				begin = m.llc.get(n)
			}
		default:
			return
		}
		for i := begin / blockBytes; i < (begin+n+blockBytes-1)/blockBytes; i++ {
			id.index = i
			if id.space == inSocketBuffer && m.llc.ring > 0 {
				id.index = i % max(m.llc.ring/blockBytes, 1)
			}
			switch _, there := m.llc.blocks[id]; {
			case device && write:
				m.llc.drop(id)
				bus += blockBytes
			case device && !there:
				bus += blockBytes
			case !device:
				b, o := m.llc.use(id, write)
				bus, out = bus+b, out+o
			}
		}
	}
	touch(s.From, false, false)
	touch(s.To, s.From == s.To, true)
	if bus > 0 {
		m.put(memoryBus, at, 0, 0, bus, 0, off)
	}
	if out > 0 {
		m.put(evictCPUCache, at, 0, 0, out, 0, off)
	}
}
