package importer

// msgZeroCopy is MSG_ZEROCOPY, include/linux/socket.h.
const msgZeroCopy = 0x4000000

// Ends finds what a call's descriptors stand for, its offset and its flags, in its
// arguments as they are in the registers; kind says it of a descriptor. Of arguments
// that the trace does not tell, there may be fewer than the call has.
func (c *Call) Ends(args []uint64, kind func(fd int64) FD) {
	fd := func(i int) FD {
		if i >= len(args) {
			return UnknownFD
		}
		return kind(int64(int32(args[i])))
	}
	switch FamilyOf(c.Name) {
	case Reads, Receives:
		c.In = fd(0)
	case Writes, Vmsplice:
		c.Out = fd(0)
	case Sends:
		c.Out = fd(0)
		at := 3
		if c.Name == "sendmsg" {
			at = 2
		}
		c.ByReference = at < len(args) && args[at]&msgZeroCopy != 0
	case Sendfile:
		c.Out, c.In = fd(0), fd(1)
	case Splice:
		c.In, c.Out = fd(0), fd(2)
	case Tee:
		c.In, c.Out = fd(0), fd(1)
	}
	c.FileAndPipe()
	if (c.Name == "pread64" || c.Name == "pwrite64") && len(args) > 3 && int64(args[3]) > 0 {
		c.Offset = int64(args[3])
	}
}

// FileAndPipe fills in what a descriptor must be, if the trace does not say it:
// sendfile's input is a file, one end of a splice a pipe (sendfile(2), splice(2)).
func (c *Call) FileAndPipe() {
	switch FamilyOf(c.Name) {
	case Sendfile:
		if c.In == UnknownFD {
			c.In = FileFD
		}
	case Splice:
		if c.In == UnknownFD && c.Out != UnknownFD && c.Out != PipeFD {
			c.In = PipeFD
		} else if c.Out == UnknownFD && c.In != UnknownFD && c.In != PipeFD {
			c.Out = PipeFD
		}
	}
}
