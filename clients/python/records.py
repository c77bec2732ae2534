"""What is produced is what is consumed."""

from confluent_kafka import TopicPartition

from server import HOUR_AGO, equal, take


def _sample(i):
    key = None if i % 7 == 0 else f"key-{i}".encode()
    value = None if i % 11 == 0 else f"value {i} {'x' * (i % 300)}".encode()
    return key, value, [("index", str(i).encode()), ("null", None)]


def produce_consume(server):
    count = 500
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        topic = server.topic(f"codec-{codec}", 1)
        producer = server.producer(compression_codec=codec, linger_ms=20)
        acknowledged = []

        def delivered(failure, message):
            assert failure is None, failure
            acknowledged.append(message.offset())

        for i in range(count):
            key, value, headers = _sample(i)
            producer.produce(topic, partition=0, key=key, value=value, headers=headers,
                             timestamp=HOUR_AGO + i, on_delivery=delivered)
        equal("messages that were not delivered", 0, producer.flush(20))
        equal(f"{codec}: acknowledged offsets", list(range(count)), acknowledged)
        consumer = server.consumer(server.name("no-group"))
        consumer.assign([TopicPartition(topic, 0, 0)])
        for i, message in enumerate(take(consumer, count)):
            key, value, headers = _sample(i)
            equal(f"{codec}: offset", i, message.offset())
            equal(f"{codec}: key of {i}", key, message.key())
            equal(f"{codec}: value of {i}", value, message.value())
            equal(f"{codec}: headers of {i}", headers, message.headers())
            equal(f"{codec}: timestamp of {i}", HOUR_AGO + i, message.timestamp()[1])
        consumer.close()


def idempotence(server):
    count = 3000
    topic = server.topic("idempotent", 1)
    producer = server.producer(enable_idempotence=True, acks="all", batch_num_messages=20, linger_ms=1)
    acknowledged = []

    def delivered(failure, message):
        assert failure is None, failure
        acknowledged.append(message.offset())

    for i in range(count):
        producer.produce(topic, partition=0, value=f"v{i}", on_delivery=delivered)
    equal("messages that were not delivered", 0, producer.flush(20))
    equal("acknowledged offsets", list(range(count)), acknowledged)
    consumer = server.consumer(server.name("no-group"))
    consumer.assign([TopicPartition(topic, 0, 0)])
    for i, message in enumerate(take(consumer, count)):
        equal("offset", i, message.offset())
        equal(f"value of {i}", f"v{i}".encode(), message.value())
    consumer.close()
