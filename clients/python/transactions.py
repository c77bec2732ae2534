"""What is committed is read, what is aborted is not."""

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from server import equal, take


def _producer(server, name):
    producer = server.producer(transactional_id=server.name(name))
    producer.init_transactions(15)
    return producer


def _send(producer, topic, values):
    for value in values:
        producer.produce(topic, partition=0, value=value)
    equal("messages that were not delivered", 0, producer.flush(20))


def run(server):
    topic = server.topic("transactions", 1)
    source = server.topic("consumed", 1)
    group = server.name("transforms")
    producer = _producer(server, "commits")
    producer.begin_transaction()
    _send(producer, topic, ["a0", "a1"])
    producer.commit_transaction(15)
    producer.begin_transaction()
    _send(producer, topic, ["b0", "b1"])
    producer.abort_transaction(15)

    consumer = server.consumer(group)
    consumer.assign([TopicPartition(source, 0, 0)])
    for offset, end in ((5, producer.abort_transaction), (7, producer.commit_transaction)):
        producer.begin_transaction()
        _send(producer, topic, [f"c{offset}"])
        producer.send_offsets_to_transaction([TopicPartition(source, 0, offset)], consumer.consumer_group_metadata(), 15)
        end(15)
    equal("committed offset", 7, consumer.committed([TopicPartition(source, 0)], timeout=15)[0].offset)
    consumer.close()

    producer.begin_transaction()
    _send(producer, topic, ["fenced"])
    later = _producer(server, "commits")
    try:
        producer.commit_transaction(15)
        raise AssertionError("a producer that was replaced could commit")
    except KafkaException as failure:
        code = failure.args[0].code()
        assert code in (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH), failure
    later.begin_transaction()
    _send(later, topic, ["d0"])
    later.commit_transaction(15)

    reader = server.consumer(server.name("no-group"), isolation_level="read_committed")
    reader.assign([TopicPartition(topic, 0, 0)])
    equal("committed values", [b"a0", b"a1", b"c7", b"d0"], [m.value() for m in take(reader, 4)])
    reader.close()
