package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DeleteACLs, 1, 3, whole(deleteACLs)) }

// DeleteAcls, API key 31, versions 1 to 3: SECURITY_DISABLED for each filter, see
// DescribeAcls. Source: DeleteAclsRequest.json, AclApis.handleDeleteAcls.
func deleteACLs(_ context.Context, _ *connection, req *kmsg.DeleteACLsRequest, resp *kmsg.DeleteACLsResponse) error {
	for range req.Filters {
		refused := kmsg.NewDeleteACLsResponseResult()
		refused.ErrorCode, refused.ErrorMessage = codeSecurityDisabled, kmsg.StringPtr(noAuthorizer)
		resp.Results = append(resp.Results, refused)
	}
	return nil
}
