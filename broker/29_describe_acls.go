package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DescribeACLs, 1, 3, whole(describeACLs)) }

// noAuthorizer is what Kafka says where nobody authorizes (AclApis.scala).
const noAuthorizer = "No Authorizer is configured."

// DescribeAcls, API key 29, versions 1 to 3: SECURITY_DISABLED, as with a Kafka
// that has no authorizer. Who is authenticated may do everything. Source:
// DescribeAclsRequest.json, AclApis.handleDescribeAcls.
func describeACLs(_ context.Context, _ *connection, _ *kmsg.DescribeACLsRequest, resp *kmsg.DescribeACLsResponse) error {
	resp.ErrorCode, resp.ErrorMessage = codeSecurityDisabled, kmsg.StringPtr("No Authorizer is configured on the broker")
	return nil
}
