package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// What everyone may do where nobody authorizes, as a set of bits by operation:
// all that there is to do with a kind of resource (AclEntry.supportedOperations,
// AuthHelper.authorizedOperations).
var (
	topicOperations = operations(kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate, kmsg.ACLOperationDelete,
		kmsg.ACLOperationAlter, kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs)
	clusterOperations = operations(kmsg.ACLOperationCreate, kmsg.ACLOperationAlter, kmsg.ACLOperationDescribe, kmsg.ACLOperationClusterAction,
		kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationAlterConfigs, kmsg.ACLOperationIdempotentWrite)
	groupOperations = operations(kmsg.ACLOperationRead, kmsg.ACLOperationDelete, kmsg.ACLOperationDescribe)
)

func operations(all ...kmsg.ACLOperation) (set int32) {
	for _, o := range all {
		set |= 1 << o
	}
	return set
}
