package main

import "context"

// javaScenarios are those of clients/java, and what each looks at.
var javaScenarios = []struct{ name, asserts string }{
	{"produce-consume", "five codecs; keys, values, nulls, headers, timestamps, acknowledged offsets of 500 records each"},
	{"idempotence", "5,000 records in small batches, five requests in flight: gapless, in order; a second producer"},
	{"transactions", "commit, abort, commit over two partitions: read_committed sees what is committed, and nothing of what is open"},
	{"transactions-fencing", "a second producer with the transactional id fences the first, whose records nobody sees"},
	{"transactions-offsets", "consume, transform, produce: offsets of an aborted transaction do not count, those of a committed one do"},
	{"transactions-admin", "describeTransactions, listTransactions, describeProducers of an open and an ended transaction"},
	{"consumer-offsets", "beginning, end, by time; seek; commit with metadata; resume; out of range; reset to latest"},
	{"group-range", "eager rebalance as a member joins and leaves; every record once; resume after the commits"},
	{"group-cooperative", "cooperative-sticky: only what moves is revoked; every record once; resume"},
	{"group-static", "a restarted static member keeps its partition and causes no rebalance; its double is fenced"},
	{"group-consumer", "group.protocol=consumer (KIP-848): only what moves is revoked; every record once; resume"},
	{"group-consumer-range", "the same, with group.remote.assignor=range"},
	{"group-consumer-migration", "classic members and such of group.protocol=consumer in one group, one after the other: every record once"},
	{"group-consumer-static", "the same protocol: a restarted static member keeps its partition and causes no rebalance; its double is refused"},
	{"admin-topics", "create, list, describe by name and id, add partitions, delete records, delete by name and id; Kafka's errors"},
	{"admin-configs", "defaults and sources, incremental set and delete, validate only, refusals, the broker's configs"},
	{"admin-cluster", "nodes, controller, cluster id, log directories with sizes"},
	{"admin-groups", "list, describe, reset, delete offsets, delete; refusals while members are in"},
	{"admin-consumer-groups", "a group of group.protocol=consumer: list, describe with type and target, refusals, reset; it becomes a classic one and one again, with its offsets; delete"},
	{"admin-quotas", "set, validate only, describe, remove; Kafka's errors; produce-throttle-time and fetch-throttle-time of clients over their quota"},
	{saslScenario, "PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, in plaintext and over TLS; a wrong password fails with SaslAuthenticationException"},
	{"admin-offsets", "earliest, latest, greatest timestamp, by timestamp"},
}

// saslScenario is the one that needs the secured server.
const saslScenario = "sasl"

func javaRows(k *kit) (rows []row) {
	for _, m := range jvms {
		for _, s := range javaScenarios {
			r := row{
				client: "Java kafka-clients " + k.versions[m], scenario: s.name, asserts: s.asserts, needs: []tool{java},
				run: func(ctx context.Context, e *env, prefix string) error {
					_, err := command(ctx, "", "java", jvm(m, "128m", "clients.Main", s.name, e.brokers, prefix)...)
					return err
				},
			}
			if s.name == saslScenario {
				r.files, r.run = true, onSecured(func(ctx context.Context, _ *env, on *secured, prefix string) error {
					_, err := command(ctx, "", "java", jvm(m, "128m", "-Dsasl.ssl="+on.tls, "-Dtruststore="+on.certificate, "-Duser="+securedUser, "-Dpassword="+securedPassword,
						"clients.Main", s.name, on.addr, prefix)...)
					return err
				})
			}
			rows = append(rows, r)
		}
	}
	return rows
}
