package clients;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The server under test, and clients of it. */
record Server(String bootstrap, String prefix) {

    /** Records begin then: retention takes older ones, and later than now is refused. In ms. */
    static final long HOUR_AGO = System.currentTimeMillis() - 3_600_000;

    /** A name that no other run uses. */
    String name(String of) {
        return prefix + "-" + of;
    }

    Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bootstrap,
                "request.timeout.ms", "10000", "default.api.timeout.ms", "15000"));
    }

    /** A producer with the client's defaults, and so an idempotent one. */
    KafkaProducer<String, String> producer(Map<String, String> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap,
                "delivery.timeout.ms", "20000", "request.timeout.ms", "10000", "max.block.ms", "15000"));
        config.putAll(more);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    KafkaConsumer<String, String> consumer(Map<String, String> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap,
                "auto.offset.reset", "earliest", "enable.auto.commit", "false",
                "default.api.timeout.ms", "15000", "request.timeout.ms", "10000"));
        config.putAll(more);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    /** Creates a topic and waits until the server says that it has. */
    String topic(String of, int partitions) throws Exception {
        return topic(of, partitions, Map.of());
    }

    String topic(String of, int partitions, Map<String, String> configs) throws Exception {
        try (Admin admin = admin()) {
            NewTopic topic = new NewTopic(name(of), Optional.of(partitions), Optional.empty());
            admin.createTopics(List.of(topic.configs(configs))).all().get();
        }
        return name(of);
    }

    /** Fills each partition with n records "partition:index"; fails if one is not acknowledged. */
    void fill(String topic, int partitions, int n) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = producer(Map.of())) {
            for (int i = 0; i < n; i++) {
                for (int p = 0; p < partitions; p++) {
                    sent.add(producer.send(new ProducerRecord<>(topic, p, "k" + i, p + ":" + i)));
                }
            }
            producer.flush();
        }
        for (Future<RecordMetadata> record : sent) {
            record.get();
        }
    }
}
