"""Positions: watermarks, by timestamp, committed, sought."""

from confluent_kafka import TopicPartition

from server import HOUR_AGO, equal, take


def run(server):
    topic = server.topic("positions", 1)
    group = server.name("positions-group")
    producer = server.producer()
    for i in range(50):
        producer.produce(topic, partition=0, value=f"v{i}", timestamp=HOUR_AGO + 1000 * i)
    equal("messages that were not delivered", 0, producer.flush(20))

    consumer = server.consumer(group)
    equal("watermarks", (0, 50), consumer.get_watermark_offsets(TopicPartition(topic, 0), 10))
    for at, want in ((HOUR_AGO, 0), (HOUR_AGO + 30_500, 31), (HOUR_AGO + 100_000, -1)):
        found = consumer.offsets_for_times([TopicPartition(topic, 0, at)], 10)[0]
        assert found.error is None, found.error
        equal(f"offset at {at}", want, found.offset)
    consumer.assign([TopicPartition(topic, 0, 20)])
    equal("value after the seek", b"v20", take(consumer, 30)[0].value())
    committed = TopicPartition(topic, 0, 33, "thirty-three")
    consumer.commit(offsets=[committed], asynchronous=False)
    back = consumer.committed([TopicPartition(topic, 0)], 10)[0]
    equal("committed offset", 33, back.offset)
    equal("committed metadata", "thirty-three", back.metadata)
    consumer.close()

    consumer = server.consumer(group)
    consumer.subscribe([topic])
    equal("a new consumer resumes at the commit", b"v33", take(consumer, 17)[0].value())
    consumer.close()
