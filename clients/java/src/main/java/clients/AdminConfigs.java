package clients;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Topic configs under Kafka's names: defaults, incremental changes, refusals; the broker's own configs. */
final class AdminConfigs {
    private AdminConfigs() {
    }

    static void run(Server server) throws Exception {
        String topic = server.topic("configured", 1, Map.of("segment.bytes", "2097152"));
        ConfigResource resource = new ConfigResource(Type.TOPIC, topic);
        try (Admin admin = server.admin()) {
            Config before = describe(admin, resource);
            entry(before, "segment.bytes", "2097152", ConfigSource.DYNAMIC_TOPIC_CONFIG);
            entry(before, "retention.ms", "604800000", ConfigSource.DEFAULT_CONFIG);
            entry(before, "max.message.bytes", "1048588", ConfigSource.DEFAULT_CONFIG);
            entry(before, "compression.type", "producer", ConfigSource.DEFAULT_CONFIG);

            alter(admin, resource, false, op("retention.ms", "60000", OpType.SET),
                    op("retention.bytes", "1000000", OpType.SET));
            alter(admin, resource, true, op("retention.ms", "1", OpType.SET)); // validated only
            Config set = describe(admin, resource);
            entry(set, "retention.ms", "60000", ConfigSource.DYNAMIC_TOPIC_CONFIG);
            entry(set, "retention.bytes", "1000000", ConfigSource.DYNAMIC_TOPIC_CONFIG);
            entry(set, "segment.bytes", "2097152", ConfigSource.DYNAMIC_TOPIC_CONFIG);

            alter(admin, resource, false, op("retention.ms", "", OpType.DELETE));
            Config deleted = describe(admin, resource);
            entry(deleted, "retention.ms", "604800000", ConfigSource.DEFAULT_CONFIG);
            entry(deleted, "retention.bytes", "1000000", ConfigSource.DYNAMIC_TOPIC_CONFIG);

            Check.fails("a value that is no number", InvalidConfigurationException.class,
                    () -> alter(admin, resource, false, op("retention.ms", "soon", OpType.SET)));
            Check.fails("a config that does not exist", InvalidConfigurationException.class,
                    () -> alter(admin, resource, false, op("no.such.config", "1", OpType.SET)));
            entry(describe(admin, resource), "retention.ms", "604800000", ConfigSource.DEFAULT_CONFIG);
            Check.fails("configs of a topic that is not there", UnknownTopicOrPartitionException.class,
                    () -> describe(admin, new ConfigResource(Type.TOPIC, server.name("absent"))));

            String node = admin.describeCluster().nodes().get().iterator().next().idString();
            Config broker = describe(admin, new ConfigResource(Type.BROKER, node));
            Check.that("the broker tells its log directories", broker.get("log.dirs") != null
                    || broker.get("log.dir") != null);
        }
    }

    private static AlterConfigOp op(String name, String value, OpType type) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    private static void alter(Admin admin, ConfigResource resource, boolean validateOnly, AlterConfigOp... ops)
            throws Exception {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = Map.of(resource, List.of(ops));
        admin.incrementalAlterConfigs(changes, new AlterConfigsOptions().validateOnly(validateOnly)).all().get();
    }

    private static Config describe(Admin admin, ConfigResource resource) throws Exception {
        return admin.describeConfigs(List.of(resource)).all().get().get(resource);
    }

    private static void entry(Config config, String name, String value, ConfigSource source) {
        ConfigEntry entry = config.get(name);
        Check.that(name + " is described", entry != null);
        Check.equal(name, value, entry.value());
        Check.equal("source of " + name, source, entry.source());
    }
}
