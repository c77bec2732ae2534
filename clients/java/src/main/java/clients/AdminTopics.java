package clients;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Topics made, described by name and id, widened, cut at the start and deleted. */
final class AdminTopics {
    private AdminTopics() {
    }

    static void run(Server server) throws Exception {
        String name = server.name("made");
        try (Admin admin = server.admin()) {
            NewTopic topic = new NewTopic(name, Optional.of(2), Optional.empty())
                    .configs(Map.of("retention.ms", "3600000"));
            CreateTopicsResult made = admin.createTopics(List.of(topic));
            made.all().get();
            Check.equal("partitions as created", 2, made.numPartitions(name).get());
            Check.equal("replication as created", 1, made.replicationFactor(name).get());
            Check.equal("config as created", "3600000", made.config(name).get().get("retention.ms").value());
            Uuid id = made.topicId(name).get();
            Check.that("the topic has an id", !Uuid.ZERO_UUID.equals(id));

            Check.fails("creating it again", TopicExistsException.class,
                    () -> admin.createTopics(List.of(topic)).all().get());
            Check.fails("a name with a slash", InvalidTopicException.class,
                    () -> admin.createTopics(List.of(new NewTopic("a/b", 1, (short) 1))).all().get());
            Check.fails("a config that is no number", InvalidConfigurationException.class,
                    () -> admin.createTopics(List.of(new NewTopic(server.name("bad"), 1, (short) 1)
                            .configs(Map.of("retention.ms", "long")))).all().get());

            Check.that("it is listed", admin.listTopics().names().get().contains(name));
            TopicDescription byName = admin.describeTopics(List.of(name)).allTopicNames().get().get(name);
            Check.equal("described partitions", 2, byName.partitions().size());
            Check.equal("described id", id, byName.topicId());
            TopicDescription byId = admin.describeTopics(TopicCollection.ofTopicIds(List.of(id)))
                    .allTopicIds().get().get(id);
            Check.equal("described by id", name, byId.name());
            Check.fails("describing what is not there", UnknownTopicOrPartitionException.class,
                    () -> admin.describeTopics(List.of(server.name("absent"))).allTopicNames().get());

            admin.createPartitions(Map.of(name, NewPartitions.increaseTo(4))).all().get();
            Check.equal("partitions after the increase", 4, admin.describeTopics(List.of(name)).allTopicNames()
                    .get().get(name).partitions().size());
            Check.fails("fewer partitions", InvalidPartitionsException.class,
                    () -> admin.createPartitions(Map.of(name, NewPartitions.increaseTo(1))).all().get());

            deleteRecords(server, admin, name);

            admin.deleteTopics(List.of(name)).all().get();
            Check.that("it is gone", !admin.listTopics().names().get().contains(name));
            Check.fails("deleting it again", UnknownTopicOrPartitionException.class,
                    () -> admin.deleteTopics(List.of(name)).all().get());
            Check.fails("deleting by an id that is gone", UnknownTopicIdException.class,
                    () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get());

            String second = server.topic("made-for-its-id", 1);
            Uuid secondId = admin.describeTopics(List.of(second)).allTopicNames().get().get(second).topicId();
            admin.deleteTopics(TopicCollection.ofTopicIds(List.of(secondId))).all().get();
            Check.that("deleted by id", !admin.listTopics().names().get().contains(second));
        }
    }

    private static void deleteRecords(Server server, Admin admin, String name) throws Exception {
        server.fill(name, 4, 50);
        TopicPartition tp = new TopicPartition(name, 3); // one that the increase made
        Check.equal("low watermark", 20L, admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(20)))
                .lowWatermarks().get(tp).get().lowWatermark());
        Check.fails("deleting what is not there yet", OffsetOutOfRangeException.class,
                () -> admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(51))).all().get());
        try (KafkaConsumer<String, String> consumer = server.consumer(Map.of())) {
            Check.equal("beginning after the deletion", 20L, consumer.beginningOffsets(Set.of(tp)).get(tp));
            consumer.assign(List.of(tp));
            consumer.seek(tp, 0); // out of range: reset to the earliest
            Check.equal("the first record that is left", "3:20", Records.take(consumer, 30).get(0).value());
        }
        Check.equal("low watermark at the high watermark", 50L,
                admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(tp).get()
                        .lowWatermark());
    }
}
