package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DeleteGroups, 0, 2, whole(deleteGroups)) }

// DeleteGroups, API key 42, versions 0 to 2: groups without members, with their
// offsets. A group that is named twice is answered twice. Source:
// DeleteGroupsRequest.json.
func deleteGroups(ctx context.Context, c *connection, req *kmsg.DeleteGroupsRequest, resp *kmsg.DeleteGroupsResponse) error {
	for _, id := range req.Groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := kmsg.NewDeleteGroupsResponseGroup()
		out.Group, out.ErrorCode = id, c.b.groupCode(c.b.groups.Delete(id), id)
		resp.Groups = append(resp.Groups, out)
	}
	return nil
}
