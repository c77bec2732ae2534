package broker

import (
	"slices"
	"strings"
)

// AbsentSettings are settings of Kafka's that this broker lacks, for one reason.
type AbsentSettings struct {
	// Names are Kafka's; one that ends in .* stands for all that begin so and are
	// no settings here.
	Names []string
	// Why says in a few words why they are not here, and what is in their place.
	Why string
}

// absentProperties are Kafka's broker properties, of versions 3.9 to 4.4 and some
// that are older, that cannot be set here (kafka.server.KafkaConfig and
// AbstractKafkaConfig, CONFIG_DEF): a file that comes from a broker of Kafka's has
// them, and who removes a line should know what goes with it.
var absentProperties = []AbsentSettings{
	absent("there is no ZooKeeper; the data directory has what it would keep", "zookeeper.*"),
	absent("there is one node, which needs no controller and no quorum",
		"process.roles controller.* broker.heartbeat.interval.ms broker.session.timeout.ms initial.broker.registration.timeout.ms control.plane.listener.name server.max.startup.time.ms"),
	absent("there is no metadata log; topics.json in the data directory has the topics", "metadata.* internal.metadata.*"),
	absent("there is one node, whose number is 1; set node.id or nothing", "broker.id.generation.enable reserved.broker.max.id"),
	absent("there is one node; nothing is replicated, and no leader changes",
		"replica.* num.replica.fetchers num.replica.alter.log.dirs.threads auto.leader.rebalance.enable leader.imbalance.* eligible.leader.replicas.enable unclean.leader.election.interval.ms "+
			"inter.broker.* security.inter.broker.protocol sasl.mechanism.inter.broker.protocol sasl.mechanism.controller.protocol controlled.shutdown.* "+
			"replication.quota.* alter.log.dirs.replication.quota.* broker.rack add.partitions.to.txn.*"),
	absent("there is one node; the broker's own topics have one replica", "offsets.topic.replication.factor offsets.commit.required.acks"),
	absent("there is one node, and requests between nodes are the only ones that it is for", "request.timeout.ms socket.connection.setup.*"),
	absent("each connection has a goroutine of its own; GOMAXPROCS is how many run at a time", "num.io.threads num.network.threads background.threads"),
	absent("partitions are recovered by as many goroutines as there are processors", "num.recovery.threads.per.data.dir"),
	absent("a connection's requests are worked on one after another; queued.max.request.bytes bounds those of all", "queued.max.requests"),
	absent("the kernel sizes the buffers of sockets itself (net.ipv4.tcp_wmem, tcp_rmem)", "socket.send.buffer.bytes socket.receive.buffer.bytes"),
	absent("the kernel's limit is taken (net.core.somaxconn)", "socket.listen.backlog.size"),
	absent("name the protocol in listeners itself: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL", "listener.security.protocol.map"),
	absent("write listeners and advertised.listeners", "host.name port advertised.host.name advertised.port"),
	absent("a listener has settings of its own for SASL mechanisms and clients' certificates alone; write what is meant without the prefix", "listener.name.*"),
	absent("all listeners are open from the start", "early.start.listeners"),
	absent("how many connections an address may open is a quota that is altered while the broker runs (kafka-configs.sh --entity-type ips, connection_creation_rate)", "max.connection.creation.rate"),
	absent("one directory is served", "cordoned.log.dirs"),
	absent("a directory that fails makes its partitions offline, and the others go on", "log.dir.failure.timeout.ms"),
	absent("a refusal comes after 100 ms", "connection.failed.authentication.delay.ms"),
	absent("until it has authenticated, a client may send 64 KiB at a time", "sasl.server.max.receive.size"),
	absent("users are kept in users.json; add them with copyscope users add", "sasl.jaas.config"),
	absent("SCRAM and PLAIN are served; there is no GSSAPI", "sasl.kerberos.*"),
	absent("SCRAM and PLAIN are served; there is no OAUTHBEARER", "sasl.oauthbearer.*"),
	absent("no classes are loaded; SCRAM and PLAIN are built in", "sasl.login.* sasl.client.callback.handler.class sasl.server.callback.handler.class"),
	absent("there are no delegation tokens", "delegation.token.*"),
	absent("nobody authorizes: who may come in may do everything", "authorizer.class.name super.users allow.everyone.if.no.acl.found"),
	absent("a principal is the certificate's whole name", "principal.builder.class ssl.principal.mapping.rules"),
	absent("TLS is Go's crypto/tls: versions 1.2 and 1.3 with its own choice of ciphers", "ssl.cipher.suites ssl.enabled.protocols ssl.protocol ssl.provider ssl.secure.random.implementation ssl.engine.factory.class ssl.keymanager.algorithm ssl.trustmanager.algorithm security.providers"),
	absent("PEM files need no password; keep them readable by this user alone", "ssl.keystore.password ssl.truststore.password"),
	absent("the broker connects to nobody by TLS", "ssl.endpoint.identification.algorithm"),
	absent("the certificate is read when the broker starts", "ssl.allow.dn.changes ssl.allow.san.changes"),
	absent("no passwords are kept that could be read back; users.json has the keys of SCRAM", "password.encoder.*"),
	absent("the file is read as it stands; write the values into it", "config.providers config.providers.*"),
	absent("no classes are loaded, and so no policies", "alter.config.policy.* create.topic.policy.class.name client.quota.callback.class"),
	absent("metrics are at /metrics of the pages, in Prometheus' format", "metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms kafka.metrics.* kafka.csv.metrics.* auto.include.jmx.reporter"),
	absent("clients' metrics (KIP-714) are not taken", "telemetry.*"),
	absent(noTiers, "remote.fetch.max.wait.ms remote.list.offsets.request.timeout.ms remote.log.* log.local.* log.remote.* follower.fetch.last.tiered.offset.enable"),
	absent(noShares, "group.share.* share.coordinator.* share.fetch.* errors.deadletterqueue.*"),
	absent("streams groups (KIP-1071) are not served; Kafka Streams runs with classic ones", "group.streams.*"),
	absent("both protocols of groups are always served", "group.coordinator.rebalance.protocols group.coordinator.new.enable"),
	absent("the group coordinator of this broker has no such part", "group.coordinator.append.linger.ms group.coordinator.background.threads group.coordinator.cached.buffer.max.bytes group.coordinator.threads "+
		"group.consumer.assignment.interval.ms group.consumer.min.assignment.interval.ms group.consumer.max.assignment.interval.ms group.consumer.assignor.offload.enable group.consumer.regex.refresh.interval.ms"),
	absent("what the broker's own topics hold is read at the start, and written as any record is", "offsets.load.buffer.size offsets.commit.timeout.ms offsets.topic.compression.codec offsets.topic.segment.bytes transaction.state.log.load.buffer.size"),
	absent("a producer's partitions are always checked against its transaction", "transaction.partition.verification.enable"),
	absent("transactions whose two phases a client controls (KIP-939) are not served", "transaction.two.phase.commit.enable"),
	absent("producers that are idle are looked for with what else is due", "producer.id.expiration.check.interval.ms"),
	absent("an answer to a fetch has at most 55 MiB, Kafka's default", "fetch.max.bytes"),
	absent("fetch sessions are not kept", "max.incremental.fetch.session.cache.slots"),
	absent("requests that wait are not kept in a purgatory", "fetch.purgatory.* producer.purgatory.* delete.records.purgatory.*"),
	absent("a request may name 65536 topics and partitions, a produce request 16384", "max.request.partition.size.limit"),
	absent(noUnpacking, "max.decompressed.message.bytes"),
	absent("the recovery points are written once a minute, Kafka's default", "log.flush.offset.checkpoint.interval.ms log.flush.start.offset.checkpoint.interval.ms"),
	absent("the periodic work begins with the broker", "log.initial.task.delay.ms"),
	absent("compaction has no buffer of a set size for reading and writing", "log.cleaner.io.buffer.size"),
	absent(oldFormat, "log.message.downconversion.enable log.message.format.version"),
	absent("Kafka 4 removed it; write log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms", "log.message.timestamp.difference.max.ms"),
	absent("what is served is served in its released versions", "unstable.*"),
}

// absentConfigs are configs of Kafka's topics that topics here lack (LogConfig.java).
var absentConfigs = []AbsentSettings{
	absent(noTiers, "remote.storage.enable remote.copy.lag.bytes remote.copy.lag.ms remote.log.copy.disable remote.log.delete.on.disable local.retention.bytes local.retention.ms"),
	absent(noShares, "errors.deadletterqueue.group.enable"),
	absent(noUnpacking, "max.decompressed.message.bytes"),
	absent(oldFormat, "message.downconversion.enable message.format.version"),
	absent("Kafka 4 removed it; set message.timestamp.before.max.ms and message.timestamp.after.max.ms", "message.timestamp.difference.max.ms"),
}

const (
	noTiers     = "there is no tiered storage; all segments are in the data directory"
	noShares    = "share groups (KIP-932) are not served"
	noUnpacking = "a batch's records may decompress to at most 256 MiB"
	oldFormat   = "record batches of format 2 are stored and served, as since Kafka 4"
)

func absent(why, names string) AbsentSettings {
	return AbsentSettings{Names: strings.Fields(names), Why: why}
}

// AbsentProperties are the well-known broker properties of Kafka's that this broker
// lacks, AbsentConfigs such configs of topics.
func AbsentProperties() []AbsentSettings { return slices.Clone(absentProperties) }

// AbsentConfigs: see [AbsentProperties].
func AbsentConfigs() []AbsentSettings { return slices.Clone(absentConfigs) }

// WhyAbsent is why the broker lacks a property of Kafka's: one that is listed by its
// name, or else one of a family, of which the name may be no property of Kafka's at
// all. Both are empty for a name that is of neither.
func WhyAbsent(property string) (named, family string) { return whyAbsent(absentProperties, property) }

func whyAbsent(all []AbsentSettings, name string) (named, family string) {
	longest := 0
	for _, a := range all {
		for _, n := range a.Names {
			prefix, many := strings.CutSuffix(n, "*")
			switch {
			case n == name:
				named = a.Why
			case many && len(prefix) > longest && strings.HasPrefix(name, prefix):
				longest, family = len(prefix), a.Why
			}
		}
	}
	return named, family
}
