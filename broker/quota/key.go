package quota

import (
	"fmt"
	"math"
)

// The quotas (QuotaConfig.java) that entities can have: of users and clients the
// first four, of addresses the last.
const (
	// ProducerByteRate and ConsumerByteRate are bytes a second, headers of requests
	// and answers included.
	ProducerByteRate = "producer_byte_rate"
	ConsumerByteRate = "consumer_byte_rate"
	// RequestPercentage is a share of the time of one handler of requests, in percent.
	RequestPercentage = "request_percentage"
	// ControllerMutationRate is partitions that are created and deleted, a second.
	ControllerMutationRate = "controller_mutation_rate"
	// ConnectionCreationRate is new connections a second.
	ConnectionCreationRate = "connection_creation_rate"
)

// largest is the most that a quota may be, and whether it must be whole: Kafka's
// LONG, DOUBLE and INT.
var largest = map[string]struct {
	most  float64
	whole bool
}{
	ProducerByteRate:       {math.MaxInt64, true},
	ConsumerByteRate:       {math.MaxInt64, true},
	RequestPercentage:      {math.MaxFloat64, false},
	ControllerMutationRate: {math.MaxFloat64, false},
	ConnectionCreationRate: {math.MaxInt32, true},
}

// checkValue finds why the entity cannot have the quota
// (ClientQuotaControlManager.validateQuotaKeyValue).
func (e Entity) checkValue(key string, value float64) error {
	limit, known := largest[key]
	const epsilon = 1e-6 // Kafka's
	switch {
	case !known || (key == ConnectionCreationRate) != e.IP.present:
		return fmt.Errorf("%w: invalid configuration key %.100q for %.300s", ErrInvalid, key, e)
	case math.IsNaN(value):
		return fmt.Errorf("%w: quota %s is no number", ErrInvalid, key)
	case value <= 0:
		return fmt.Errorf("%w: quota %s must be greater than 0", ErrInvalid, key)
	case value > limit.most:
		return fmt.Errorf("%w: %g is too large for quota %s", ErrInvalid, value, key)
	case limit.whole && math.Mod(value, 1) > epsilon:
		return fmt.Errorf("%w: quota %s cannot be a fractional value", ErrInvalid, key)
	}
	return nil
}
