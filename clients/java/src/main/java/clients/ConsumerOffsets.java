package clients;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** A consumer's positions: by end, by time, committed, out of range. */
final class ConsumerOffsets {
    private ConsumerOffsets() {
    }

    static void run(Server server) throws Exception {
        String topic = server.topic("positions", 1);
        TopicPartition tp = new TopicPartition(topic, 0);
        try (KafkaProducer<String, String> producer = server.producer(Map.of())) {
            for (int i = 0; i < 100; i++) {
                producer.send(new ProducerRecord<>(topic, 0, Server.HOUR_AGO + i * 1000L, "k", "v" + i)).get();
            }
        }
        String group = server.name("positions-group");
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of("group.id", group))) {
            Check.equal("beginningOffsets", Map.of(tp, 0L), consumer.beginningOffsets(List.of(tp)));
            Check.equal("endOffsets", Map.of(tp, 100L), consumer.endOffsets(List.of(tp)));
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(tp, Server.HOUR_AGO + 41500)).get(tp);
            Check.equal("offsetsForTimes: offset", 42L, found.offset());
            Check.equal("offsetsForTimes: timestamp", Server.HOUR_AGO + 42000, found.timestamp());
            Check.equal("offsetsForTimes after the last", null,
                    consumer.offsetsForTimes(Map.of(tp, Server.HOUR_AGO + 100_000)).get(tp));
            Check.equal("partitionsFor", 1, consumer.partitionsFor(topic).size());

            consumer.assign(List.of(tp));
            Check.equal("committed before any commit", null, consumer.committed(Set.of(tp)).get(tp));
            consumer.seek(tp, 42);
            Check.equal("value after seek", "v42", Records.take(consumer, 58).get(0).value());
            consumer.commitSync(Map.of(tp, new OffsetAndMetadata(77, "seventy-seven")));
            OffsetAndMetadata committed = consumer.committed(Set.of(tp)).get(tp);
            Check.equal("committed offset", 77L, committed.offset());
            Check.equal("committed metadata", "seventy-seven", committed.metadata());
        }
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of("group.id", group))) {
            consumer.assign(List.of(tp));
            Check.equal("a new consumer resumes at the commit", "v77", Records.take(consumer, 23).get(0).value());
        }
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of("auto.offset.reset", "none"))) {
            consumer.assign(List.of(tp));
            consumer.seek(tp, 1000);
            Check.fails("a fetch after the end", OffsetOutOfRangeException.class, () -> Records.take(consumer, 1));
        }
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of("auto.offset.reset", "latest"))) {
            consumer.assign(List.of(tp));
            Check.equal("position with auto.offset.reset=latest", 100L, consumer.position(tp));
        }
    }
}
