package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DescribeCluster, 0, 2, whole(describeCluster)) }

// Endpoint types of DescribeCluster (KIP-919).
const (
	endpointBroker     = 1
	endpointController = 2
)

// DescribeCluster, API key 60, versions 0 to 2: this broker is the cluster, and
// its own controller. Who asks for controllers' endpoints is told, as by a
// Kafka broker, that this is none.
//
// Ignored: whether fenced brokers are wanted; there are none. Source:
// DescribeClusterRequest.json, KIP-700.
func describeCluster(_ context.Context, c *connection, req *kmsg.DescribeClusterRequest, resp *kmsg.DescribeClusterResponse) error {
	resp.ClusterID, resp.ControllerID = c.b.dir.clusterID, -1
	if asked := req.EndpointType; req.Version >= 1 && asked != endpointBroker {
		resp.ErrorCode = codeUnsupportedEndpoint
		if asked == endpointController {
			resp.ErrorCode = codeMismatchedEndpoint
		}
		resp.ErrorMessage = kmsg.StringPtr(fmt.Sprintf("endpoint type %d is not served here; this is a broker (%d)", asked, endpointBroker))
		return nil
	}
	at := c.b.reachable(c.conn)
	self := kmsg.NewDescribeClusterResponseBroker()
	self.NodeID, self.Host, self.Port = nodeID, at.host, at.port
	resp.Brokers, resp.ControllerID = append(resp.Brokers, self), nodeID
	if req.IncludeClusterAuthorizedOperations {
		resp.ClusterAuthorizedOperations = clusterOperations
	}
	return nil
}
