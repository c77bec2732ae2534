"""The server under test, and clients of it."""

import time

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

# Records begin then: retention takes older ones, and later than now is refused. In ms.
HOUR_AGO = int(time.time() * 1000) - 3_600_000


def equal(what, want, got):
    """Fails with what was looked at."""
    assert want == got, f"{what}: expected {want!r}, got {got!r}"


def refused(what, code, act):
    """Expects Kafka's own error, not just any."""
    try:
        act()
    except KafkaException as failure:
        equal(f"{what}: error", code, failure.args[0].code())
        return
    raise AssertionError(f"{what}: it succeeded")


class Server:
    def __init__(self, bootstrap, prefix):
        self.bootstrap = bootstrap
        self.prefix = prefix

    def name(self, of):
        """A name that no other run uses."""
        return f"{self.prefix}-{of}"

    def admin(self):
        return AdminClient({"bootstrap.servers": self.bootstrap})

    def topic(self, of, partitions):
        name = self.name(of)
        admin = self.admin()  # held until the answer came: its end would cancel the request
        admin.create_topics([NewTopic(name, partitions)])[name].result(15)
        return name

    def producer(self, **more):
        config = {"bootstrap.servers": self.bootstrap, "message.timeout.ms": 20000}
        config.update({k.replace("_", "."): v for k, v in more.items()})
        return Producer(config)

    def consumer(self, group, **more):
        config = {
            "bootstrap.servers": self.bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        if "group_protocol" not in more:  # of the other protocol the broker sets them
            config.update({"session.timeout.ms": 10000, "heartbeat.interval.ms": 300})
        config.update({k.replace("_", "."): v for k, v in more.items()})
        return Consumer(config)

    def fill(self, topic, partitions, n, start=0):
        """Gives each partition the values "partition:start" and the n-1 next."""
        producer = self.producer()
        failures = []

        def acknowledged(failure, _):
            if failure is not None:
                failures.append(failure)

        for i in range(start, start + n):
            for p in range(partitions):
                producer.produce(topic, partition=p, value=f"{p}:{i}", on_delivery=acknowledged)
        equal("messages that were not delivered", 0, producer.flush(20))
        equal("failed deliveries", [], failures)


def take(consumer, n):
    """Polls until n messages came."""
    got = []
    deadline = time.monotonic() + 20
    while len(got) < n and time.monotonic() < deadline:
        for message in consumer.consume(n - len(got), 0.2):
            assert message.error() is None, message.error()
            got.append(message)
    equal("messages consumed", n, len(got))
    return got
