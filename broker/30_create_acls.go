package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.CreateACLs, 1, 3, whole(createACLs)) }

// CreateAcls, API key 30, versions 1 to 3: SECURITY_DISABLED for each, see
// DescribeAcls. Source: CreateAclsRequest.json, AclApis.handleCreateAcls.
func createACLs(_ context.Context, _ *connection, req *kmsg.CreateACLsRequest, resp *kmsg.CreateACLsResponse) error {
	for range req.Creations {
		refused := kmsg.NewCreateACLsResponseResult()
		refused.ErrorCode, refused.ErrorMessage = codeSecurityDisabled, kmsg.StringPtr(noAuthorizer)
		resp.Results = append(resp.Results, refused)
	}
	return nil
}
