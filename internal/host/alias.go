package host

import (
	"copyscope/internal/labnet"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// What the alias probe finds.
const (
	// AliasCopy: the old bytes arrived, so the path had taken a copy.
	AliasCopy = "copy"
	// AliasLend: the new bytes arrived, so the path had lent the page.
	AliasLend = "lend"
	// AliasMixed: some pieces, or parts of a piece, were copied, others lent.
	AliasMixed = "mixed"
)

// Aliased says whether the alias probe has something to tell of a program: it
// overwrites a file, and compares what arrives with it.
func Aliased(p transfer.Program) bool {
	return p.Source == transfer.FromFile && p.Sinks > 0 && !p.Reshapes
}

// AliasOptions describe the probe; zero fields take the defaults.
type AliasOptions struct {
	// Dir is where the probe's small file is made; empty means the temporary
	// directory.
	Dir string
	// Net is the lab network to send over; nil is loopback.
	Net *labnet.Network
	// Pieces are sent one after the other (default 8), each of PieceBytes
	// (default 16 KiB). A piece must fit into the socket buffer.
	Pieces     int
	PieceBytes int
}

// AliasResult tells who copied and who lent.
type AliasResult struct {
	Path string `json:"path"`
	// Verdict is AliasCopy, AliasLend or AliasMixed.
	Verdict string `json:"verdict"`
	// Pieces of PieceBytes each; so many of them arrived, at each receiver, all
	// old, all new, and both.
	Pieces     int `json:"pieces"`
	PieceBytes int `json:"piece_bytes"`
	Copied     int `json:"copied"`
	Lent       int `json:"lent"`
	Mixed      int `json:"mixed"`
	// OldBytes and NewBytes count what the receiver got.
	OldBytes int64 `json:"old_bytes"`
	NewBytes int64 `json:"new_bytes"`

	Provenance trace.Provenance `json:"provenance"`
}

// judge sums up the pieces that came to so many receivers.
func (r *AliasResult) judge(sinks int) {
	switch r.Pieces * sinks {
	case r.Copied:
		r.Verdict = AliasCopy
	case r.Lent:
		r.Verdict = AliasLend
	default:
		r.Verdict = AliasMixed
	}
}
