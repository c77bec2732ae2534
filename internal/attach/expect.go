package attach

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"
)

// expectedKind is the kind of the paths that a technique is expected of: files to
// sockets, unless the technique begins or ends elsewhere.
func expectedKind(t Technique) string {
	switch t {
	case RelayCopy, RelaySplice:
		return relayed
	case CopyFileRange:
		return "file-to-file"
	case Write:
		return "memory-to-socket"
	}
	return FileToSocket
}

// expectedWords say of each kind that is expected what one byte did, and what all did.
var expectedWords = map[string]struct{ one, all string }{
	FileToSocket:       {"from a file to a socket", "from files to sockets"},
	relayed:            {"from a socket to a socket", "from sockets to sockets"},
	"file-to-file":     {"from a file to a file", "from files to files"},
	"memory-to-socket": {"from its own memory to a socket", "from its own memory to sockets"},
}

// Expect says whether the bulk of what went from files to sockets, or between the ends
// that the technique has, took a technique, or why not: one without copies, and no
// copies besides.
func (r *Report) Expect(t Technique) error {
	kind := expectedKind(t)
	words := expectedWords[kind]
	v := verdictOf(kind, r.of(kind))
	where, unplaced := "", int64(0)
	if r.Port != 0 {
		where = fmt.Sprintf(" at port %d", r.Port)
		unplaced = r.unplaced(kind)
	}
	if v.Bytes == 0 {
		return fmt.Errorf("expected %s: no byte went %s%s; send the process a request while copyscope watches", t, words.one, where)
	}
	share := 0.0
	for _, s := range v.Techniques {
		if s.Technique == t {
			share = s.Share
		}
	}
	switch {
	case share >= bulk && float64(unplaced) > (1-bulk)*float64(v.Bytes+unplaced):
		return fmt.Errorf("expected %s: so went what was seen%s, but %s went %s whose port is not known; ask by --pid instead", t, where, humanize.IBytes(uint64(unplaced)), words.all)
	case share >= bulk && slices.Contains(zeroCopyTechniques, t) && alsoRead(r.of(kind)):
		return fmt.Errorf("expected %s: it carried %s of the %s that went %s%s, but the CPU copied them too: %s",
			t, percent(share), humanize.IBytes(uint64(v.Bytes)), words.all, where, readToo)
	case share >= bulk:
		return nil
	}
	return fmt.Errorf("expected %s: it carried %s of the %s that went %s%s, not %.0f %%; they took %s",
		t, percent(share), humanize.IBytes(uint64(v.Bytes)), words.all, where, 100*bulk, techniques(v.Techniques))
}
