package main

import "context"

func pythonRows() (rows []row) {
	for _, s := range []struct{ name, asserts string }{
		{"produce-consume", "five codecs; keys, values, nulls, headers, timestamps, acknowledged offsets"},
		{"idempotence", "3,000 records with enable.idempotence: gapless, in order"},
		{"transactions", "commit and abort: read_committed sees what is committed; offsets sent to a transaction count with it; a second producer fences the first"},
		{"group-range", "two members share four partitions, one leaves; every record once; resume"},
		{"group-cooperative", "cooperative-sticky: the first keeps two partitions throughout"},
		{"group-consumer", "group.protocol=consumer (KIP-848): the first keeps two partitions throughout; every record once; resume"},
		{"group-consumer-pattern", "the same, subscribed to a regular expression: a topic that comes later is consumed"},
		{"group-consumer-migration", "a classic and a consumer member in one group, one after the other: every record once"},
		{"offsets", "watermarks, by timestamp, commit with metadata, committed, seek, resume"},
		{"admin", "topics, partitions, configs, groups, offsets: made, described, altered, deleted; Kafka's errors"},
	} {
		rows = append(rows, row{
			client: "confluent-kafka-python", scenario: s.name, asserts: s.asserts, needs: []tool{python},
			run: func(ctx context.Context, e *env, prefix string) error {
				_, err := command(ctx, "", e.kit.python, "-B", "clients/python/main.py", s.name, e.brokers, prefix)
				return err
			},
		})
	}
	return rows
}
