package clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;

/** What is committed is read, what is aborted is not, and a producer that was replaced is fenced. */
final class Transactions {
    private static final Map<String, String> COMMITTED = Map.of("isolation.level", "read_committed");

    private Transactions() {
    }

    private static KafkaProducer<String, String> producer(Server server, String id) {
        KafkaProducer<String, String> producer = server.producer(Map.of("transactional.id", server.name(id)));
        producer.initTransactions();
        return producer;
    }

    private static void send(KafkaProducer<String, String> producer, String topic, String value, int n) throws Exception {
        for (int i = 0; i < n; i++) {
            producer.send(new ProducerRecord<>(topic, i % 2, "k", value + i));
        }
        producer.flush();
    }

    /** The values that a reader of what is committed gets until there is no more. */
    private static List<String> committed(Server server, String topic, int partitions) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = server.consumer(COMMITTED)) {
            List<TopicPartition> all = new ArrayList<>();
            for (int p = 0; p < partitions; p++) {
                all.add(new TopicPartition(topic, p));
            }
            consumer.assign(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            while (all.stream().anyMatch(tp -> consumer.position(tp) < ends.get(tp))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    values.add(record.value());
                }
            }
        }
        values.sort(null);
        return values;
    }

    static void commitAndAbort(Server server) throws Exception {
        String topic = server.topic("transactions", 2);
        try (KafkaProducer<String, String> producer = producer(server, "commits")) {
            producer.beginTransaction();
            send(producer, topic, "a", 4);
            Check.equal("values while the transaction is open", List.of(), committed(server, topic, 2));
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, topic, "b", 4);
            producer.abortTransaction();
            producer.beginTransaction();
            send(producer, topic, "c", 2);
            producer.commitTransaction();
        }
        Check.equal("committed values", List.of("a0", "a1", "a2", "a3", "c0", "c1"), committed(server, topic, 2));
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of())) {
            consumer.assign(List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1)));
            Check.equal("values with read_uncommitted", 10, Records.take(consumer, 10).size());
        }
    }

    static void fencing(Server server) throws Exception {
        String topic = server.topic("fenced", 2);
        KafkaProducer<String, String> former = producer(server, "same");
        former.beginTransaction();
        send(former, topic, "former", 2);
        try (KafkaProducer<String, String> later = producer(server, "same")) {
            later.beginTransaction();
            send(later, topic, "later", 2);
            try {
                former.commitTransaction();
                throw new AssertionError("a producer that was replaced could commit");
            } catch (ProducerFencedException | InvalidProducerEpochException expected) {
                // the one that came later has its id
            }
            later.commitTransaction();
        }
        former.close(Duration.ZERO);
        Check.equal("committed values", List.of("later0", "later1"), committed(server, topic, 2));
    }

    static void offsets(Server server) throws Exception {
        String from = server.topic("consumed", 1);
        String to = server.topic("produced", 1);
        String group = server.name("transforms");
        server.fill(from, 1, 20);
        TopicPartition tp = new TopicPartition(from, 0);
        try (KafkaProducer<String, String> producer = producer(server, "transforms");
                KafkaConsumer<String, String> consumer = server.consumer(Map.of("group.id", group, "isolation.level", "read_committed"))) {
            consumer.subscribe(List.of(from));
            for (boolean commit : new boolean[] {false, true}) {
                List<ConsumerRecord<String, String>> read = Records.take(consumer, 20);
                producer.beginTransaction();
                for (ConsumerRecord<String, String> record : read) {
                    producer.send(new ProducerRecord<>(to, 0, "k", record.value() + commit));
                }
                producer.sendOffsetsToTransaction(Map.of(tp, new OffsetAndMetadata(20)), consumer.groupMetadata());
                if (commit) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                    Check.equal("offset after the abort", null, consumer.committed(java.util.Set.of(tp)).get(tp));
                    consumer.seek(tp, 0);
                }
            }
            Check.equal("offset after the commit", 20L, consumer.committed(java.util.Set.of(tp)).get(tp).offset());
        }
        List<String> values = committed(server, to, 1);
        Check.equal("transformed values", 20, values.size());
        Check.that("each is of the transaction that was committed", values.stream().allMatch(v -> v.endsWith("true")));
    }

    static void admin(Server server) throws Exception {
        String topic = server.topic("described", 1);
        String id = server.name("described");
        TopicPartition tp = new TopicPartition(topic, 0);
        try (Admin admin = server.admin(); KafkaProducer<String, String> producer = producer(server, "described")) {
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, 0, "k", "v")).get();
            TransactionDescription open = admin.describeTransactions(List.of(id)).description(id).get();
            Check.equal("state of an open transaction", TransactionState.ONGOING, open.state());
            Check.equal("its partitions", java.util.Set.of(tp), open.topicPartitions());
            Check.that("it is listed", admin.listTransactions().all().get().stream().anyMatch(t -> t.transactionalId().equals(id)));
            Check.equal("where it began", 0L, admin.describeProducers(List.of(tp)).partitionResult(tp).get()
                    .activeProducers().get(0).currentTransactionStartOffset().getAsLong());
            producer.commitTransaction();
            Check.that("no transaction is open in the partition", admin.describeProducers(List.of(tp)).partitionResult(tp).get()
                    .activeProducers().stream().allMatch(p -> p.currentTransactionStartOffset().isEmpty()));
        }
    }
}
