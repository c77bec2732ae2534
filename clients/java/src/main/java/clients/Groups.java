package clients;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Two members share four partitions, one leaves, a third resumes. */
final class Groups {
    private static final int PARTITIONS = 4;
    private static final int EACH = 200;

    private Groups() {
    }

    static void range(Server server) throws Exception {
        rebalance(server, "range", assignor("org.apache.kafka.clients.consumer.RangeAssignor"), false);
    }

    static void cooperative(Server server) throws Exception {
        rebalance(server, "cooperative",
                assignor("org.apache.kafka.clients.consumer.CooperativeStickyAssignor"), true);
    }

    /** The broker assigns, and moves no more than it has to (KIP-848). */
    static void consumer(Server server) throws Exception {
        rebalance(server, "consumer", Map.of("group.protocol", "consumer"), true);
    }

    /** The same, with the assignor that cuts topics into runs: of one topic, half is to move. */
    static void consumerRange(Server server) throws Exception {
        rebalance(server, "consumer-range",
                Map.of("group.protocol", "consumer", "group.remote.assignor", "range"), true);
    }

    /** Clients are changed to the consumer protocol and back while the group runs. */
    static void migration(Server server) throws Exception {
        String topic = server.topic("migration", PARTITIONS);
        String group = server.name("migration-group");
        Map<String, String> classic = assignor("org.apache.kafka.clients.consumer.RangeAssignor");
        Map<String, String> consumer = Map.of("group.protocol", "consumer");
        Set<Integer> all = Set.of(0, 1, 2, 3);
        List<String> values = new ArrayList<>();
        Member old = new Member(server, group, topic, classic);
        int filled = 0;
        for (Map<String, String> config : List.of(consumer, classic, consumer)) {
            Member before = old;
            until("it owns all", () -> before.assigned().equals(all), before);
            Member next = new Member(server, group, topic, config);
            until("both own two", () -> before.assigned().size() == 2 && next.assigned().size() == 2, before, next);
            server.fill(topic, PARTITIONS, EACH);
            int want = ++filled * PARTITIONS * EACH;
            until("both consume what is new", () -> values.size() + before.values.size() + next.values.size() >= want,
                    before, next);
            before.consumer.commitSync();
            values.addAll(before.values);
            before.close();
            old = next;
        }
        Member last = old;
        until("the last owns all", () -> last.assigned().equals(all), last);
        last.close();
        values.addAll(last.values);
        Check.equal("records consumed by the group", filled * PARTITIONS * EACH, values.size());
        for (String value : new HashSet<>(values)) {
            Check.equal("times that " + value + " came", filled, Collections.frequency(values, value));
        }
    }

    private static Map<String, String> assignor(String name) {
        return Map.of("partition.assignment.strategy", name);
    }

    private static void rebalance(Server server, String name, Map<String, String> config, boolean cooperative)
            throws Exception {
        String topic = server.topic(name, PARTITIONS);
        String group = server.name(name + "-group");
        server.fill(topic, PARTITIONS, EACH);
        Set<Integer> all = Set.of(0, 1, 2, 3);
        List<String> values = new ArrayList<>();
        try (Member first = new Member(server, group, topic, config)) {
            until("the first member owns all", () -> first.assigned().equals(all)
                    && first.values.size() >= PARTITIONS * EACH, first);
            try (Member second = new Member(server, group, topic, config)) {
                until("both own two", () -> first.assigned().size() == 2 && second.assigned().size() == 2,
                        first, second);
                Set<Integer> union = new TreeSet<>(first.assigned());
                union.addAll(second.assigned());
                Check.equal("partitions of both members", all, union);
                if (cooperative) {
                    Check.equal("revoked of the first: what the second got, no more",
                            second.assigned(), new TreeSet<>(first.revoked));
                } else {
                    Check.equal("revoked of the first: everything", all, new TreeSet<>(first.revoked));
                }
                server.fill(topic, PARTITIONS, EACH);
                until("both consume what is new", () -> first.values.size() + second.values.size()
                        >= 2 * PARTITIONS * EACH, first, second);
                Check.equal("the second's share of the new records", 2 * EACH, second.values.size());
                second.consumer.commitSync();
                values.addAll(second.values);
            }
            until("the first owns all again", () -> first.assigned().equals(all), first);
            server.fill(topic, PARTITIONS, EACH);
            until("the first consumes the third filling",
                    () -> first.values.size() + values.size() >= 3 * PARTITIONS * EACH, first);
            first.consumer.commitSync();
            values.addAll(first.values);
        }
        Check.equal("records consumed by the group", 3 * PARTITIONS * EACH, values.size());
        Set<String> different = new HashSet<>(values);
        Check.equal("different values", PARTITIONS * EACH, different.size());
        // Each filling has the same values: a lost one must not be made up for by another that came twice.
        for (String value : different) {
            Check.equal("times that " + value + " came", 3, Collections.frequency(values, value));
        }
        try (Member third = new Member(server, group, topic, config)) {
            until("the third member owns all", () -> third.assigned().equals(all), third);
            for (int i = 0; i < 5; i++) {
                third.poll();
            }
            Check.equal("records that come again after the commits", List.of(), third.values);
        }
    }

    private static void until(String what, java.util.function.BooleanSupplier holds, Member... members)
            throws Exception {
        Member.until(what, () -> {
            for (Member m : members) {
                System.err.println("a member owns " + m.assigned() + " and has " + m.values.size() + " records");
            }
        }, holds, members);
    }
}
