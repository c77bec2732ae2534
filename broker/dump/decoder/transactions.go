package decoder

// Transactions is __transaction_state (TransactionLogKey.json, TransactionLogValue.json).
var Transactions = Topic{name: "__transaction_state", records: map[int16]record{
	0: {"TransactionLog", keyOf("transactionalId"), value{latest: 1, flexible: 1, fields: structure{
		fields: []attribute{
			{name: "producerId", of: int64Type},
			{name: "producerEpoch", of: int16Type},
			{name: "transactionTimeoutMs", of: int32Type},
			{name: "transactionStatus", of: transactionStates},
			{name: "transactionPartitions", of: array{fieldsOf(
				attribute{name: "topic", of: stringType},
				attribute{name: "partitionIds", of: array{int32Type}},
			)}},
			{name: "transactionLastUpdateTimestampMs", of: int64Type},
			{name: "transactionStartTimestampMs", of: int64Type},
		},
		tagged: map[uint64]attribute{ // KIP-890, the last one of KIP-939
			0: {name: "previousProducerId", of: int64Type},
			1: {name: "nextProducerId", of: int64Type},
			2: {name: "clientTransactionVersion", of: int16Type},
			3: {name: "nextProducerEpoch", of: int16Type},
		},
	}}},
}}

// transactionStates are those of TransactionState.java.
var transactionStates = names{
	0: "Empty", 1: "Ongoing", 2: "PrepareCommit", 3: "PrepareAbort",
	4: "CompleteCommit", 5: "CompleteAbort", 6: "Dead", 7: "PrepareEpochFence",
}
