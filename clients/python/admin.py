"""AdminClient: topics, partitions, configs, groups and their offsets."""

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import (AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec,
                                   ResourceType)

from server import equal, refused, take


def run(server):
    admin = server.admin()
    topic = server.topic("administered", 1)
    _topics(server, admin, topic)
    _configs(admin, topic)
    _offsets(server, admin, topic)
    _groups(server, admin, topic)
    admin.delete_topics([topic])[topic].result(15)
    refused("deleting it again", KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: admin.delete_topics([topic])[topic].result(15))


def _topics(server, admin, topic):
    refused("creating it again", KafkaError.TOPIC_ALREADY_EXISTS,
            lambda: admin.create_topics([NewTopic(topic, 1)])[topic].result(15))
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(15)
    refused("fewer partitions", KafkaError.INVALID_PARTITIONS,
            lambda: admin.create_partitions([NewPartitions(topic, 1)])[topic].result(15))
    metadata = admin.list_topics(topic, 15)
    equal("partitions", [0, 1, 2], sorted(metadata.topics[topic].partitions))
    equal("brokers", [server.bootstrap], [f"{b.host}:{b.port}" for b in metadata.brokers.values()])
    cluster = admin.describe_cluster().result(15)
    equal("nodes", [server.bootstrap], [f"{n.host}:{n.port}" for n in cluster.nodes])
    assert cluster.cluster_id, "the cluster has no id"


def _configs(admin, topic):
    def values():
        resource = ConfigResource(ResourceType.TOPIC, topic)
        return {k: v.value for k, v in admin.describe_configs([resource])[resource].result(15).items()}

    def alter(operation, value):
        entry = ConfigEntry("retention.ms", value, incremental_operation=operation)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        admin.incremental_alter_configs([resource])[resource].result(15)

    equal("default", "604800000", values()["retention.ms"])
    alter(AlterConfigOpType.SET, "60000")
    equal("once set", "60000", values()["retention.ms"])
    refused("no number", KafkaError.INVALID_CONFIG, lambda: alter(AlterConfigOpType.SET, "soon"))
    alter(AlterConfigOpType.DELETE, None)
    equal("once deleted", "604800000", values()["retention.ms"])


def _offsets(server, admin, topic):
    server.fill(topic, 1, 20)
    tp = TopicPartition(topic, 0)

    def at(spec):
        return admin.list_offsets({tp: spec}, isolation_level=IsolationLevel.READ_UNCOMMITTED)[tp].result(15).offset

    equal("earliest", 0, at(OffsetSpec.earliest()))
    equal("latest", 20, at(OffsetSpec.latest()))
    cut = admin.delete_records([TopicPartition(topic, 0, 5)])
    equal("low watermark", 5, list(cut.values())[0].result(15).low_watermark)
    equal("earliest after the deletion", 5, at(OffsetSpec.earliest()))


def _groups(server, admin, topic):
    group = server.name("administered-group")
    consumer = server.consumer(group, client_id="the-member")
    consumer.subscribe([topic])
    take(consumer, 15)
    consumer.commit(asynchronous=False)
    described = admin.describe_consumer_groups([group])[group].result(15)
    equal("state", "STABLE", described.state.name)
    equal("members", ["the-member"], [m.client_id for m in described.members])
    equal("assigned", [0, 1, 2], sorted(p.partition for p in described.members[0].assignment.topic_partitions))
    refused("deleting it while in use", KafkaError.NON_EMPTY_GROUP,
            lambda: admin.delete_consumer_groups([group])[group].result(15))
    consumer.close()

    listed = {g.group_id: g.state.name for g in admin.list_consumer_groups().result(15).valid}
    equal("state once empty", "EMPTY", listed.get(group))

    def committed():
        parts = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0)])
        return admin.list_consumer_group_offsets([parts])[group].result(15).topic_partitions[0].offset

    equal("committed", 20, committed())
    reset = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 9)])
    admin.alter_consumer_group_offsets([reset])[group].result(15)
    equal("after the reset", 9, committed())
    admin.delete_consumer_groups([group])[group].result(15)
    refused("deleting it again", KafkaError.GROUP_ID_NOT_FOUND,
            lambda: admin.delete_consumer_groups([group])[group].result(15))
