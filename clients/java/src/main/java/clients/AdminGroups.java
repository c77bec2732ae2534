package clients;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.UnknownMemberIdException;

/** Groups listed, described, reset and deleted by an administrator. */
final class AdminGroups {
    private AdminGroups() {
    }

    static void run(Server server) throws Exception {
        String topic = server.topic("administered", 2);
        String group = server.name("administered-group");
        server.fill(topic, 2, 10);
        TopicPartition p0 = new TopicPartition(topic, 0);
        TopicPartition p1 = new TopicPartition(topic, 1);
        try (Admin admin = server.admin()) {
            try (Member member = new Member(server, group, topic, Map.of("client.id", "the-member"))) {
                Member.until("it consumes all", () -> { }, () -> member.values.size() >= 20, member);
                member.consumer.commitSync();
                listed(admin, group, "STABLE");
                ConsumerGroupDescription d = describe(admin, group);
                Check.equal("state", "STABLE", stateOf(d));
                Check.equal("assignor", "range", d.partitionAssignor());
                Check.equal("members", 1, d.members().size());
                Check.equal("client id", "the-member", d.members().iterator().next().clientId());
                Check.equal("assignment", Set.of(p0, p1),
                        d.members().iterator().next().assignment().topicPartitions());
                refusedWhileInUse(admin, group, p0);
            }
            Check.equal("state once empty", "EMPTY", stateOf(describe(admin, group)));
            Check.equal("committed offsets", Map.of(p0, 10L, p1, 10L), committed(admin, group));
            alter(admin, group, p0, 3).all().get();
            Check.equal("offsets after the reset", Map.of(p0, 3L, p1, 10L), committed(admin, group));
            try (Member member = new Member(server, group, topic, Map.of())) {
                Member.until("it consumes from the reset", () -> { }, () -> member.values.size() >= 7, member);
                Check.equal("values after the reset", List.of("0:3", "0:4", "0:5", "0:6", "0:7", "0:8", "0:9"),
                        member.values);
            }
            admin.deleteConsumerGroupOffsets(group, Set.of(p0)).all().get();
            Check.equal("offsets after the deletion of one", Map.of(p1, 10L), committed(admin, group));
            admin.deleteConsumerGroups(List.of(group)).all().get();
            Check.that("it is not listed", admin.listConsumerGroups().all().get().stream()
                    .noneMatch(g -> g.groupId().equals(group)));
            Check.fails("deleting it again", GroupIdNotFoundException.class,
                    () -> admin.deleteConsumerGroups(List.of(group)).all().get());
        }
    }

    /** A group of the consumer protocol (KIP-848), as an administrator sees it. */
    static void consumer(Server server) throws Exception {
        String topic = server.topic("consumers", 2);
        String group = server.name("consumers-group");
        server.fill(topic, 2, 10);
        TopicPartition p0 = new TopicPartition(topic, 0);
        TopicPartition p1 = new TopicPartition(topic, 1);
        Map<String, String> config = Map.of("group.protocol", "consumer");
        try (Admin admin = server.admin()) {
            try (Member member = new Member(server, group, topic,
                    Map.of("group.protocol", "consumer", "client.id", "the-member"))) {
                Member.until("it consumes all", () -> { }, () -> member.values.size() >= 20, member);
                member.consumer.commitSync();
                listed(admin, group, "STABLE");
                ConsumerGroupDescription d = describe(admin, group);
                Check.equal("state", "STABLE", stateOf(d));
                Check.equal("type", "Consumer", d.type().toString());
                Check.equal("assignor", "uniform", d.partitionAssignor());
                Check.equal("client id", "the-member", d.members().iterator().next().clientId());
                Check.equal("assignment", Set.of(p0, p1),
                        d.members().iterator().next().assignment().topicPartitions());
                Check.equal("target assignment", Set.of(p0, p1),
                        d.members().iterator().next().targetAssignment().orElseThrow().topicPartitions());
                refusedWhileInUse(admin, group, p0);
            }
            Check.equal("state once empty", "EMPTY", stateOf(describe(admin, group)));
            alter(admin, group, p0, 3).all().get();
            try (Member classic = new Member(server, group, topic, Map.of())) {
                Member.until("a classic member consumes from the reset", () -> { }, () -> classic.values.size() >= 7, classic);
                Check.equal("type of the group with it", "Classic", describe(admin, group).type().toString());
                classic.consumer.commitSync();
            }
            server.fill(topic, 2, 1);
            try (Member member = new Member(server, group, topic, config)) {
                Member.until("a member of the consumer protocol goes on", () -> { }, () -> member.values.size() >= 2, member);
                Check.equal("values after the classic member's commits", Set.of("0:0", "1:0"), Set.copyOf(member.values));
            }
            admin.deleteConsumerGroups(List.of(group)).all().get();
            Check.fails("deleting it again", GroupIdNotFoundException.class,
                    () -> admin.deleteConsumerGroups(List.of(group)).all().get());
        }
    }

    private static void refusedWhileInUse(Admin admin, String group, TopicPartition read) throws Exception {
        Check.fails("deleting a group with members", GroupNotEmptyException.class,
                () -> admin.deleteConsumerGroups(List.of(group)).all().get());
        Check.fails("resetting a group with members", UnknownMemberIdException.class,
                () -> alter(admin, group, read, 3).all().get());
        Check.fails("deleting offsets that a member is subscribed to", GroupSubscribedToTopicException.class,
                () -> admin.deleteConsumerGroupOffsets(group, Set.of(read)).all().get());
    }

    private static void listed(Admin admin, String group, String state) throws Exception {
        Check.that(group + " is listed as " + state, admin.listConsumerGroups().all().get().stream()
                .anyMatch(g -> g.groupId().equals(group) && g.state().orElseThrow().name().equals(state)));
    }

    private static String stateOf(ConsumerGroupDescription d) {
        return d.state().name();
    }

    private static ConsumerGroupDescription describe(Admin admin, String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    }

    private static AlterConsumerGroupOffsetsResult alter(Admin admin, String group, TopicPartition tp, long offset) {
        return admin.alterConsumerGroupOffsets(group, Map.of(tp, new OffsetAndMetadata(offset)));
    }

    private static Map<TopicPartition, Long> committed(Admin admin, String group) throws Exception {
        Map<TopicPartition, Long> offsets = new java.util.HashMap<>();
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                .forEach((tp, at) -> offsets.put(tp, at.offset()));
        return offsets;
    }
}
