package clients;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;

/** What is produced is what is consumed. */
final class Records {
    private static final int COUNT = 500;
    private static final long FIRST = Server.HOUR_AGO;

    private Records() {
    }

    /** Every codec: keys, values, headers, timestamps, nulls, offsets. */
    static void produceConsume(Server server) throws Exception {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            String topic = server.topic("codec-" + codec, 2);
            try (KafkaProducer<String, String> producer =
                    server.producer(Map.of("compression.type", codec, "linger.ms", "20"))) {
                List<Future<RecordMetadata>> sent = new ArrayList<>();
                for (int i = 0; i < COUNT; i++) {
                    sent.add(producer.send(record(topic, i)));
                }
                for (int i = 0; i < COUNT; i++) {
                    RecordMetadata meta = sent.get(i).get();
                    Check.equal(codec + ": acknowledged partition of " + i, i % 2, meta.partition());
                    Check.equal(codec + ": acknowledged offset of " + i, (long) i / 2, meta.offset());
                    Check.equal(codec + ": acknowledged timestamp of " + i, FIRST + i, meta.timestamp());
                }
            }
            List<TopicPartition> both = List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
            try (KafkaConsumer<String, String> consumer = server.consumer(Map.of("max.poll.records", "97"))) {
                consumer.assign(both);
                consumer.seekToBeginning(both);
                List<ConsumerRecord<String, String>> got = take(consumer, COUNT);
                Map<Integer, Long> next = new HashMap<>(Map.of(0, 0L, 1, 0L));
                for (ConsumerRecord<String, String> r : got) {
                    Check.equal(codec + ": offset", next.merge(r.partition(), 1L, Long::sum) - 1, r.offset());
                    ProducerRecord<String, String> want = record(topic, (int) (r.offset() * 2 + r.partition()));
                    Check.equal(codec + ": key", want.key(), r.key());
                    Check.equal(codec + ": value", want.value(), r.value());
                    Check.equal(codec + ": timestamp", want.timestamp(), r.timestamp());
                    Check.equal(codec + ": headers", List.of(want.headers().toArray()), List.of(r.headers().toArray()));
                }
            }
        }
    }

    private static ProducerRecord<String, String> record(String topic, int i) {
        String key = i % 7 == 0 ? null : "key-" + i;
        String value = i % 11 == 0 ? null : "value " + i + " " + "x".repeat(i % 300);
        ProducerRecord<String, String> r = new ProducerRecord<>(topic, i % 2, FIRST + i, key, value);
        r.headers().add(new RecordHeader("index", Integer.toString(i).getBytes(StandardCharsets.UTF_8)));
        r.headers().add(new RecordHeader("empty", null));
        return r;
    }

    /** Many small batches of one idempotent producer, five in flight, stay gapless and in order. */
    static void idempotence(Server server) throws Exception {
        String topic = server.topic("idempotent", 1);
        int count = 5000;
        try (KafkaProducer<String, String> producer = server.producer(Map.of("enable.idempotence", "true",
                "acks", "all", "batch.size", "512", "linger.ms", "0", "max.in.flight.requests.per.connection", "5"))) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                sent.add(producer.send(new ProducerRecord<>(topic, 0, null, "v" + i)));
            }
            for (int i = 0; i < count; i++) {
                Check.equal("offset of record " + i, (long) i, sent.get(i).get().offset());
            }
        }
        // A second producer has an id of its own and begins at sequence 0.
        try (KafkaProducer<String, String> producer = server.producer(Map.of("acks", "all"))) {
            Check.equal("the second producer's first offset", (long) count,
                    producer.send(new ProducerRecord<>(topic, 0, null, "v" + count)).get().offset());
        }
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of())) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            List<ConsumerRecord<String, String>> got = take(consumer, count + 1);
            for (int i = 0; i <= count; i++) {
                Check.equal("value at " + i, "v" + i, got.get(i).value());
            }
        }
    }

    /** Polls until n records came, then once more: no further ones may come. */
    static List<ConsumerRecord<String, String>> take(KafkaConsumer<String, String> consumer, int n) {
        List<ConsumerRecord<String, String>> got = new ArrayList<>();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (got.size() < n && System.nanoTime() < deadline) {
            consumer.poll(Duration.ofMillis(200)).forEach(got::add);
        }
        consumer.poll(Duration.ofMillis(50)).forEach(got::add);
        Check.equal("records consumed", n, got.size());
        return got;
    }
}
