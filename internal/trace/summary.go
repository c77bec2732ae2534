package trace

// The counts of summaries. Measured: the syscalls, the bytes that the socket
// took, the wall time. Derived, by these rules:
//
//   - a syscall is two mode switches: into the kernel and back;
//   - read(2) and pread(2) copy what they return into the user buffer, write(2)
//     copies what the socket takes, or the file, out of it; sendfile(2) and
//     splice(2) from a file copy nothing, they hand over references;
//   - preadv2(2) of one byte, by which the serving kernel asks whether that byte of a
//     region is cached, is a syscall; its byte is not counted;
//   - an append through a mapping is one copy, made in user mode.
//
// Sealing (TLS) is work on bytes, not a copy of them, and is not counted.

// notTold is why a summary lacks a count.
const notTold = "the serving kernel tells a summary for each transfer, which does not hold this"

// Counts are the counts that the summary gives; those that it does not give are
// unavailable.
func (s Served) Counts() Counts {
	c := summed(s.SyscallsByName, s.Dur)
	c[BytesSent] = Count{Value: float64(s.SocketBytes), Provenance: Measured}
	if s.Err != "" {
		const stopped = "the transfer was stopped between its copies"
		c.lack(stopped, CPUCopiedBytes, CPUCopiesPerByte)
		return c
	}
	var copied int64
	switch s.Path {
	case "read-write":
		copied = s.Bytes + s.SocketBytes
		if s.Chunk > 0 {
			c[UserBufferBytes] = Count{Value: float64(min(int64(s.Chunk), s.Bytes)), Provenance: Derived}
		}
	case "mmap-write":
		copied = s.SocketBytes
		c[UserBufferBytes] = Count{Provenance: Derived}
	case "sendfile", "splice":
		c[UserBufferBytes] = Count{Provenance: Derived}
	default:
		c.lack("there is no rule for this path", CPUCopiedBytes, CPUCopiesPerByte)
		return c
	}
	c.copied(copied, s.Bytes)
	return c
}

// Counts are the counts that the summary gives, of putting the batch into the
// segment: receiving it came before, and the disk gets it later.
func (a Appended) Counts() Counts {
	c := summed(a.SyscallsByName, a.Dur)
	c.copied(a.Bytes, a.Bytes) // by pwrite(2) or by the program: once, either way
	return c
}

func summed(calls map[string]int64, dur Ns) Counts {
	c := Counts{}
	for _, u := range countUnits {
		c[u.name] = Count{Provenance: Unavailable, Reason: notTold}
	}
	var n float64
	for name, times := range calls {
		if PhaseOf(name) == Transfer {
			n += float64(times)
		}
	}
	c[Syscalls] = Count{Value: n, Provenance: Measured}
	c[ModeSwitches] = Count{Value: 2 * n, Provenance: Derived}
	c[WallTime] = Count{Value: float64(dur), Provenance: Measured}
	return c
}

// copied notes the bytes that the CPU copied for so many bytes of payload.
func (c Counts) copied(bytes, payload int64) {
	c[CPUCopiedBytes] = Count{Value: float64(bytes), Provenance: Derived}
	if payload > 0 {
		c[CPUCopiesPerByte] = Count{Value: ratio(float64(bytes), payload), Provenance: Derived}
	}
}

func (c Counts) lack(reason string, names ...CountName) {
	for _, name := range names {
		c[name] = Count{Provenance: Unavailable, Reason: reason}
	}
}
