package log

// ProducerOf is who made the first batch of a set, and whether it belongs to a
// transaction. It does not check the batch; what is too short to have a header
// has no producer.
func ProducerOf(set []byte) (id int64, epoch int16, transactional bool) {
	if len(set) < HeaderBytes {
		return noProducer, noProducer, false
	}
	h := parseHeader(set)
	return h.producerID, h.epoch, h.attributes&transactionalBit != 0
}
