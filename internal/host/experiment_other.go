//go:build !linux

package host

import (
	"context"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Source is a file to send; only Linux can make one here.
type Source struct{}

// NewSource needs Linux.
func NewSource(context.Context, string, int64) (*Source, error) { return nil, ErrNeedsLinux }

func (s *Source) Size() int64          { return 0 }
func (s *Source) Hash() uint64         { return 0 }
func (s *Source) Truncate(int64) error { return ErrNeedsLinux }
func (s *Source) Close() error         { return nil }

// Run needs Linux.
func Run(context.Context, Options) (*Outcome, error) { return nil, ErrNeedsLinux }

// BareSendfile needs Linux.
func BareSendfile(context.Context, Options) (*Outcome, error) { return nil, ErrNeedsLinux }

// Watch says of every count that it cannot be seen here.
func Watch(Options) trace.Watch {
	w := trace.Watch{}
	for _, name := range trace.CountNames() {
		w[name] = trace.Basis{Provenance: trace.Unavailable, Reason: ErrNeedsLinux.Error()}
	}
	return w
}

// Lost has nothing to say of a run that was none.
func Lost(Options, trace.Watch, *Outcome) {}

// Alias needs Linux.
func Alias(context.Context, transfer.Program, AliasOptions) (AliasResult, error) {
	return AliasResult{}, ErrNeedsLinux
}
