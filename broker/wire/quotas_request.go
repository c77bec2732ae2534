package wire

import (
	"math"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() {
	register(kmsg.DescribeClientQuotas, decodeDescribeClientQuotas)
	register(kmsg.AlterClientQuotas, decodeAlterClientQuotas)
}

// Least bytes of an array's element, in any version.
const (
	minQuotaPartBytes  = 3  // compact: type, name, tags
	minQuotaEntryBytes = 3  // compact: array, array, tags
	minQuotaOpBytes    = 11 // compact: key, value, remove, tags
)

// DescribeClientQuotasRequest.json, versions 0 and 1.
func decodeDescribeClientQuotas(r *reader, req *kmsg.DescribeClientQuotasRequest) {
	req.Components = list(r, minQuotaPartBytes, func() kmsg.DescribeClientQuotasRequestComponent {
		c := kmsg.NewDescribeClientQuotasRequestComponent()
		c.EntityType, c.MatchType, c.Match = r.str(), kmsg.QuotasMatchType(r.int8()), r.nullableStr()
		r.structEnd()
		return c
	})
	req.Strict = r.bool()
}

// AlterClientQuotasRequest.json, versions 0 and 1.
func decodeAlterClientQuotas(r *reader, req *kmsg.AlterClientQuotasRequest) {
	req.Entries = list(r, minQuotaEntryBytes, func() kmsg.AlterClientQuotasRequestEntry {
		e := kmsg.NewAlterClientQuotasRequestEntry()
		e.Entity = list(r, minQuotaPartBytes, func() kmsg.AlterClientQuotasRequestEntryEntity {
			p := kmsg.NewAlterClientQuotasRequestEntryEntity()
			p.Type, p.Name = r.str(), r.nullableStr()
			r.structEnd()
			return p
		})
		e.Ops = list(r, minQuotaOpBytes, func() kmsg.AlterClientQuotasRequestEntryOp {
			op := kmsg.NewAlterClientQuotasRequestEntryOp()
			op.Key, op.Value, op.Remove = r.str(), math.Float64frombits(uint64(r.int64())), r.bool()
			r.structEnd()
			return op
		})
		r.structEnd()
		return e
	})
	req.ValidateOnly = r.bool()
}
