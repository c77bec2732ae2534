package host_test

import (
	"testing"

	"copyscope/internal/host"
)

func TestIntactIsAllAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		out  host.Outcome
		want bool
	}{
		{host.Outcome{Sent: 5, Received: 5, FileHash: 7, ReceivedHash: 7}, true},
		{host.Outcome{Sent: 5, Received: 4, FileHash: 7, ReceivedHash: 7}, false},
		{host.Outcome{Sent: 5, Received: 6, FileHash: 7, ReceivedHash: 7}, false},
		{host.Outcome{Sent: 5, Received: 5, FileHash: 7, ReceivedHash: 8}, false},
	} {
		if got := c.out.Intact(); got != c.want {
			t.Errorf("intact is %v of %+v", got, c.out)
		}
	}
}
