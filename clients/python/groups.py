"""Groups: two members share four partitions, one leaves, a third resumes."""

import time

from confluent_kafka import KafkaError, KafkaException

from server import equal

PARTITIONS = 4
EACH = 100


class Member:
    """A member that keeps what it got and how many partitions it lost. One thread uses it."""

    def __init__(self, server, group, topic, **config):
        self.values = []
        self.lost = 0
        self.consumer = server.consumer(group, **config)
        self.consumer.subscribe([topic], on_revoke=self._revoked)

    def _revoked(self, consumer, partitions):
        self.lost += len(partitions)
        self.commit()

    def assigned(self):
        return sorted(p.partition for p in self.consumer.assignment())

    def poll(self):
        for message in self.consumer.consume(100, 0.05):
            assert message.error() is None, message.error()
            self.values.append(message.value().decode())

    def commit(self):
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as failure:
            # Nothing new was consumed since the last commit.
            equal("error of a commit", KafkaError._NO_OFFSET, failure.args[0].code())


def _until(what, holds, *members):
    deadline = time.monotonic() + 30
    while not holds():
        said = [(m.assigned(), len(m.values)) for m in members]
        assert time.monotonic() < deadline, f"not within 30 s: {what}; partitions and records of the members: {said}"
        for member in members:
            member.poll()


def eager(server):
    _rebalance(server, "range", PARTITIONS, partition_assignment_strategy="range")


def cooperative(server):
    _rebalance(server, "cooperative-sticky", PARTITIONS // 2, partition_assignment_strategy="cooperative-sticky")


def consumer(server):
    _rebalance(server, "consumer", PARTITIONS // 2, group_protocol="consumer")


def consumer_pattern(server):
    group = server.name("pattern-group")
    server.fill(server.topic("pattern-1", 1), 1, EACH)
    server.fill(server.topic("other-1", 1), 1, EACH)
    member = Member(server, group, "^" + server.name("pattern-[0-9]"), group_protocol="consumer")
    _until("it has what is there", lambda: len(member.values) == EACH, member)
    server.fill(server.topic("pattern-2", 2), 2, EACH)
    _until("it has what came later", lambda: len(member.values) == 3 * EACH, member)
    equal("topics", [server.name("pattern-1"), server.name("pattern-2")],
          sorted({p.topic for p in member.consumer.assignment()}))
    member.consumer.close()


def migration(server):
    topic = server.topic("migration", PARTITIONS)
    group = server.name("migration-group")
    classic = {"partition_assignment_strategy": "range"}
    consumer = {"group_protocol": "consumer"}
    everything = list(range(PARTITIONS))
    old = Member(server, group, topic, **classic)
    got = []
    filled = 0
    for config in (consumer, classic, consumer):
        _until("it has all", lambda: old.assigned() == everything, old)
        new = Member(server, group, topic, **config)
        _until("both have two", lambda: len(old.assigned()) == 2 and len(new.assigned()) == 2, old, new)
        server.fill(topic, PARTITIONS, EACH, filled * EACH)
        filled += 1
        _until("both have what is new", lambda: len(got) + len(old.values) + len(new.values) >= filled * PARTITIONS * EACH,
               old, new)
        old.commit()
        old.consumer.close()
        got += old.values
        old = new
    _until("the last has all", lambda: old.assigned() == everything, old)
    old.commit()
    old.consumer.close()
    got += old.values
    want = [f"{p}:{i}" for p in range(PARTITIONS) for i in range(filled * EACH)]
    equal("every record once", sorted(want), sorted(got))


def _rebalance(server, name, moved, **config):
    topic = server.topic(name, PARTITIONS)
    group = server.name(name + "-group")
    everything = list(range(PARTITIONS))
    server.fill(topic, PARTITIONS, EACH)
    first = Member(server, group, topic, **config)
    _until("the first has all", lambda: first.assigned() == everything
           and len(first.values) == PARTITIONS * EACH, first)
    second = Member(server, group, topic, **config)
    _until("both have two", lambda: len(first.assigned()) == 2 and len(second.assigned()) == 2, first, second)
    equal("all partitions are with one of both", everything, sorted(first.assigned() + second.assigned()))
    equal("partitions that the first lost", moved, first.lost)
    server.fill(topic, PARTITIONS, EACH, EACH)
    _until("both have their half", lambda: len(first.values) == 6 * EACH and len(second.values) == 2 * EACH,
           first, second)
    second.commit()
    second.consumer.close()
    _until("the first has all again", lambda: first.assigned() == everything, first)
    server.fill(topic, PARTITIONS, EACH, 2 * EACH)
    _until("the first has the third filling", lambda: len(first.values) >= 10 * EACH, first)
    first.commit()
    first.consumer.close()
    got = first.values + second.values
    want = [f"{p}:{i}" for p in range(PARTITIONS) for i in range(3 * EACH)]
    equal("every record once", sorted(want), sorted(got))
    server.fill(topic, PARTITIONS, 1, 3 * EACH)
    third = Member(server, group, topic, **config)
    _until("a third resumes", lambda: len(third.values) >= PARTITIONS, third)
    equal("what comes after the commits", [f"{p}:{3 * EACH}" for p in everything], sorted(third.values))
    third.consumer.close()
