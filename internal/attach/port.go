package attach

import (
	"fmt"
	"net"
	"strconv"

	"github.com/dustin/go-humanize"
)

// At says whether a path is of the port that a watch was asked about; empty where it
// was asked about none.
type At string

const (
	// AtPort: an end of the path is a connection at the port.
	AtPort At = "port"
	// Elsewhere: its ends are other sockets, or none at all.
	Elsewhere At = "elsewhere"
	// Unplaced: an end is a socket that nobody could look at in time.
	Unplaced At = "unknown"
)

// ForPort has the ledger's reports answer for the connections at a local TCP port
// alone; 0, or nothing, for all.
func (l *Ledger) ForPort(port int) { l.port = port }

// place says where a path is, seen from a port.
func (p *Path) place(port int) At {
	at := Elsewhere
	for _, e := range []End{p.From, p.To} {
		switch local, known := e.port(); {
		case e.Kind != Socket:
		case !known:
			at = Unplaced
		case local == port:
			return AtPort
		}
	}
	return at
}

// port is the local TCP port of a socket, −1 if it has none that could be asked about;
// known is false if nobody has seen its address.
func (e End) port() (port int, known bool) {
	if e.Local == "" && e.outgoing {
		return -1, true
	}
	if e.Protocol != "tcp" {
		return -1, e.Protocol != ""
	}
	_, text, err := net.SplitHostPort(e.Local)
	if err != nil {
		return 0, false
	}
	port, err = strconv.Atoi(text)
	return port, err == nil
}

// answering are the paths that the answer is of.
func (r *Report) answering() (out []Path) {
	for _, p := range r.Paths {
		if p.At == "" || p.At == AtPort {
			out = append(out, p)
		}
	}
	return out
}

// placed is how many bytes went by paths of a place.
func (r *Report) placed(at At) (all int64) {
	for _, p := range r.Paths {
		if p.At == at {
			all += int64(p.Bytes.Value)
		}
	}
	return all
}

// unplaced is how many bytes went by paths of a kind of which nobody knows the port.
func (r *Report) unplaced(kind string) (all int64) {
	for _, p := range r.Paths {
		if p.At == Unplaced && p.as() == kind {
			all += int64(p.Bytes.Value)
		}
	}
	return all
}

// notePlaces says what is not in the answer because it is not of the port.
func (r *Report) notePlaces() {
	if n := r.placed(Elsewhere); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("other ports of these processes: %s went by paths that are not of port %d, and are not in the answer", humanize.IBytes(uint64(n)), r.Port))
	}
	if n := r.placed(Unplaced); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s went by sockets whose port nobody could look at in time: they may be of port %d, and are not in the answer", humanize.IBytes(uint64(n)), r.Port))
	}
}
