package broker

import (
	"context"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.ListGroups, 0, 5, whole(listGroups)) }

// ListGroups, API key 16, versions 0 to 5; from 4 on by state (KIP-518), from 5
// on by type. Filters do not look at case. Source: ListGroupsRequest.json.
func listGroups(_ context.Context, c *connection, req *kmsg.ListGroupsRequest, resp *kmsg.ListGroupsResponse) error {
	allows := func(filter []string, value string) bool {
		return len(filter) == 0 || slices.ContainsFunc(filter, func(f string) bool { return strings.EqualFold(f, value) })
	}
	for _, g := range c.b.groups.List() {
		if !allows(req.StatesFilter, string(g.State)) || !allows(req.TypesFilter, string(g.Type)) {
			continue
		}
		out := kmsg.NewListGroupsResponseGroup()
		out.Group, out.ProtocolType, out.GroupState, out.GroupType = g.ID, g.ProtocolType, string(g.State), string(g.Type)
		resp.Groups = append(resp.Groups, out)
	}
	return nil
}
