package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/users"
)

func init() {
	register(kmsg.DescribeUserSCRAMCredentials, 0, 0, whole(describeUserSCRAMCredentials))
}

// DescribeUserScramCredentials, API key 50, version 0: the mechanisms and
// iterations of users; of no names, of all. A name without a credential gets
// RESOURCE_NOT_FOUND, one that comes twice DUPLICATE_RESOURCE.
//
// Source: DescribeUserScramCredentialsRequest.json, ScramImage.describe
// (KIP-554).
func describeUserSCRAMCredentials(_ context.Context, c *connection, req *kmsg.DescribeUserSCRAMCredentialsRequest, resp *kmsg.DescribeUserSCRAMCredentialsResponse) error {
	known := map[string]users.User{}
	all := c.b.dir.users.Users()
	for _, u := range all {
		known[u.Name] = u
	}
	if len(req.Users) == 0 {
		for _, u := range all {
			req.Users = append(req.Users, kmsg.DescribeUserSCRAMCredentialsRequestUser{Name: u.Name})
		}
	}
	for asked, twice := range eachOnce(req.Users, func(u kmsg.DescribeUserSCRAMCredentialsRequestUser) string { return u.Name }) {
		out := kmsg.NewDescribeUserSCRAMCredentialsResponseResult()
		out.User = asked.Name
		user, ok := known[asked.Name]
		switch {
		case twice != nil:
			out.ErrorCode, out.ErrorMessage = codeDuplicateResource, kmsg.StringPtr("Cannot describe SCRAM credentials for the same user twice in a single request: "+asked.Name)
		case !ok:
			out.ErrorCode, out.ErrorMessage = codeResourceNotFound, kmsg.StringPtr("Attempt to describe a user credential that does not exist: "+asked.Name)
		}
		if out.ErrorCode == codeNone {
			for _, m := range users.Mechanisms {
				if n, has := user.Iterations[m]; has {
					info := kmsg.NewDescribeUserSCRAMCredentialsResponseResultCredentialInfo()
					info.Mechanism, info.Iterations = int8(m), int32(n)
					out.CredentialInfos = append(out.CredentialInfos, info)
				}
			}
		}
		resp.Results = append(resp.Results, out)
	}
	return nil
}
