package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.DescribeACLs, decodeDescribeACLs)
	register(kmsg.CreateACLs, decodeCreateACLs)
	register(kmsg.DeleteACLs, decodeDeleteACLs)
}

// DescribeAclsRequest.json, versions 1 to 3.
func decodeDescribeACLs(r *reader, req *kmsg.DescribeACLsRequest) {
	f := aclFilter(r)
	req.ResourceType, req.ResourceName, req.ResourcePatternType = f.ResourceType, f.ResourceName, f.ResourcePatternType
	req.Principal, req.Host, req.Operation, req.PermissionType = f.Principal, f.Host, f.Operation, f.PermissionType
}

// CreateAclsRequest.json, versions 1 to 3.
func decodeCreateACLs(r *reader, req *kmsg.CreateACLsRequest) {
	req.Creations = list(r, 7, func() kmsg.CreateACLsRequestCreation {
		c := kmsg.NewCreateACLsRequestCreation()
		c.ResourceType, c.ResourceName, c.ResourcePatternType = kmsg.ACLResourceType(r.int8()), r.str(), kmsg.ACLResourcePatternType(r.int8())
		c.Principal, c.Host = r.str(), r.str()
		c.Operation, c.PermissionType = kmsg.ACLOperation(r.int8()), kmsg.ACLPermissionType(r.int8())
		r.structEnd()
		return c
	})
}

// DeleteAclsRequest.json, versions 1 to 3.
func decodeDeleteACLs(r *reader, req *kmsg.DeleteACLsRequest) {
	req.Filters = list(r, 7, func() kmsg.DeleteACLsRequestFilter {
		f := aclFilter(r)
		r.structEnd()
		return f
	})
}

func aclFilter(r *reader) kmsg.DeleteACLsRequestFilter {
	f := kmsg.NewDeleteACLsRequestFilter()
	f.ResourceType, f.ResourceName, f.ResourcePatternType = kmsg.ACLResourceType(r.int8()), r.nullableStr(), kmsg.ACLResourcePatternType(r.int8())
	f.Principal, f.Host = r.nullableStr(), r.nullableStr()
	f.Operation, f.PermissionType = kmsg.ACLOperation(r.int8()), kmsg.ACLPermissionType(r.int8())
	return f
}
