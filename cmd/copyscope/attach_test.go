package main

import (
	"context"
	"strings"
	"testing"
)

// A mistake in the call is one exit code, what cannot be watched another.
func TestAttachExitCodes(t *testing.T) {
	for _, r := range []struct {
		args string
		code int
	}{
		{"attach", exitUsage}, {"attach --pid 1 --port 2", exitUsage}, {"attach --pid x", exitUsage},
		{"attach --pid 4194305", exitFailed}, {"attach --port 1", exitFailed},
		{"attach --pid 4194305 --expect relay-splice", exitFailed}, {"attach --pid 4194305 --expect relay-slice", exitUsage},
	} {
		var stdout, stderr strings.Builder
		if code := run(context.Background(), strings.Fields(r.args), &stdout, &stderr); code != r.code {
			t.Errorf("%s: exit code %d, want %d: %s", r.args, code, r.code, stderr.String())
		}
	}
}
