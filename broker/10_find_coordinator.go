package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.FindCoordinator, 0, 2, whole(findCoordinator)) }

// FindCoordinator, API key 10, versions 0 to 2: there is none, of groups or of
// transactions, and the answer says so. It is served because librdkafka takes
// its version 0 as the sign that a broker knows LZ4, and otherwise sends
// batches uncompressed without a word (rdkafka_feature.c).
//
// INVALID_REQUEST and not COORDINATOR_NOT_AVAILABLE: a client would try the
// latter again for ever. Source: FindCoordinatorRequest.json.
func findCoordinator(_ context.Context, _ *connection, _ *kmsg.FindCoordinatorRequest, resp *kmsg.FindCoordinatorResponse) error {
	resp.ErrorCode = codeInvalidRequest
	resp.ErrorMessage = kmsg.StringPtr("this broker has no consumer groups and no transactions; consume by partition and offset")
	resp.NodeID, resp.Port = -1, -1
	return nil
}
