package clients;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterClientQuotasOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;

/** Quotas of a client: administration, and what its own metrics tell of the wait. */
final class Quotas {
    /** Ten windows, of a second each, hold 1 MB. */
    private static final double BYTES_A_SECOND = 100_000;

    private Quotas() {
    }

    static void run(Server server) throws Exception {
        String name = server.name("client");
        ClientQuotaEntity entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, name));
        String topic = server.topic("throttled", 1);
        try (Admin admin = server.admin()) {
            alter(admin, entity, "producer_byte_rate", 1.0, true);
            Check.fails("an unknown quota", InvalidRequestException.class, () -> alter(admin, entity, "speed", 1.0, false));
            Check.fails("a quota of zero", InvalidRequestException.class,
                    () -> alter(admin, entity, "producer_byte_rate", 0.0, false));
            Check.equal("described before", Map.of(), describe(admin, name));
            alter(admin, entity, "producer_byte_rate", BYTES_A_SECOND, false);
            alter(admin, entity, "consumer_byte_rate", BYTES_A_SECOND, false);
            Map<ClientQuotaEntity, Map<String, Double>> want = Map.of(entity,
                    Map.of("producer_byte_rate", BYTES_A_SECOND, "consumer_byte_rate", BYTES_A_SECOND));
            for (int i = 0; i < 100 && !want.equals(describe(admin, name)); i++) {
                Thread.sleep(50); // Kafka's broker learns of it after its controller
            }
            Check.equal("described", want, describe(admin, name));

            throttled(server, topic, name);

            alter(admin, entity, "producer_byte_rate", null, false);
            alter(admin, entity, "consumer_byte_rate", null, false);
        }
    }

    /** 1,035 kB in three requests, and the same read: both are more than the windows hold. */
    private static void throttled(Server server, String topic, String name) throws Exception {
        try (KafkaProducer<String, String> producer = server.producer(Map.of("client.id", name, "batch.size", "1"))) {
            for (int i = 0; i < 3; i++) {
                producer.send(new ProducerRecord<>(topic, 0, null, "x".repeat(345_000))).get();
            }
            double average = metric(producer.metrics(), "produce-throttle-time-avg");
            Check.that("produce-throttle-time-avg " + average + " is above 0", average > 0);
        }
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of("client.id", name))) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            int got = 0;
            double average = 0;
            for (long end = System.nanoTime() + Duration.ofSeconds(20).toNanos(); !(average > 0) && System.nanoTime() < end;) {
                got += consumer.poll(Duration.ofMillis(200)).count();
                average = metric(consumer.metrics(), "fetch-throttle-time-avg");
            }
            Check.that("fetch-throttle-time-avg " + average + " is above 0", average > 0);
            Check.that("some of the records came before that", got > 0 && got < 4);
        }
    }

    private static double metric(Map<MetricName, ? extends Metric> all, String name) {
        for (Map.Entry<MetricName, ? extends Metric> m : all.entrySet()) {
            if (m.getKey().name().equals(name)) {
                return (double) m.getValue().metricValue();
            }
        }
        throw new AssertionError("there is no metric " + name);
    }

    private static void alter(Admin admin, ClientQuotaEntity entity, String key, Double value, boolean validateOnly)
            throws Exception {
        ClientQuotaAlteration change = new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op(key, value)));
        admin.alterClientQuotas(List.of(change), new AlterClientQuotasOptions().validateOnly(validateOnly)).all().get();
    }

    private static Map<ClientQuotaEntity, Map<String, Double>> describe(Admin admin, String name) throws Exception {
        return admin.describeClientQuotas(ClientQuotaFilter.contains(
                List.of(ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.CLIENT_ID, name)))).entities().get();
    }
}
