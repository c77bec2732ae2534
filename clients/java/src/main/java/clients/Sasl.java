package clients;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SaslAuthenticationException;

/**
 * Who authenticates is let in, by every mechanism, in plaintext and over TLS; who has a wrong
 * password is told so. The bootstrap address is the one in plaintext; system properties name
 * the other (sasl.ssl), whom to trust (truststore, a PEM file), user and password.
 */
final class Sasl {
    private static final String MODULES = "org.apache.kafka.common.security.";
    private static final Map<String, String> MECHANISMS = Map.of("PLAIN", "plain.PlainLoginModule",
            "SCRAM-SHA-256", "scram.ScramLoginModule", "SCRAM-SHA-512", "scram.ScramLoginModule");

    private Sasl() {
    }

    static void run(Server server) throws Exception {
        for (String mechanism : MECHANISMS.keySet()) {
            for (String protocol : List.of("SASL_PLAINTEXT", "SASL_SSL")) {
                there(server, mechanism, protocol);
                Check.fails(mechanism + " over " + protocol + ", a wrong password", SaslAuthenticationException.class, () -> {
                    try (Admin admin = Admin.create(Map.copyOf(config(server, mechanism, protocol, "another")))) {
                        admin.describeCluster().clusterId().get();
                    }
                });
            }
        }
    }

    /** Records go there and come back. */
    private static void there(Server server, String mechanism, String protocol) throws Exception {
        String what = mechanism + " over " + protocol;
        Map<String, String> config = config(server, mechanism, protocol, System.getProperty("password"));
        String topic = server.name(mechanism + protocol);
        try (KafkaProducer<String, String> producer = server.producer(config)) {
            for (int i = 0; i < 100; i++) {
                producer.send(new ProducerRecord<>(topic, 0, null, "v" + i));
            }
            Check.equal(what + ": offset of the last record", 100L,
                    producer.send(new ProducerRecord<>(topic, 0, null, "v100")).get().offset());
        }
        try (KafkaConsumer<String, String> consumer = server.consumer(config)) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            int i = 0;
            for (ConsumerRecord<String, String> record : Records.take(consumer, 101)) {
                Check.equal(what + ": value", "v" + i++, record.value());
            }
        }
    }

    private static Map<String, String> config(Server server, String mechanism, String protocol, String password) {
        Map<String, String> config = new HashMap<>();
        config.put("bootstrap.servers", protocol.equals("SASL_SSL") ? System.getProperty("sasl.ssl") : server.bootstrap());
        config.put("security.protocol", protocol);
        config.put("sasl.mechanism", mechanism);
        config.put("sasl.jaas.config", MODULES + MECHANISMS.get(mechanism) + " required username=\""
                + System.getProperty("user") + "\" password=\"" + password + "\";");
        if (protocol.equals("SASL_SSL")) {
            config.put("ssl.truststore.type", "PEM");
            config.put("ssl.truststore.location", System.getProperty("truststore"));
        }
        return config;
    }
}
