package clients;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;

/** group.instance.id: a member that restarts keeps its partitions and disturbs nobody (KIP-345). */
final class StaticMembers {
    private StaticMembers() {
    }

    static void run(Server server) throws Exception {
        String topic = server.topic("static", 2);
        String group = server.name("static-group");
        try (Member a = new Member(server, group, topic, Map.of("group.instance.id", "a"))) {
            Member b = new Member(server, group, topic, Map.of("group.instance.id", "b"));
            until("both own one", () -> a.assigned().size() == 1 && b.assigned().size() == 1, a, b);
            Set<Integer> mine = a.assigned();
            Set<Integer> others = b.assigned();
            int rebalances = a.rebalances;
            try (Admin admin = server.admin()) {
                ConsumerGroupDescription d = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
                Check.equal("instances in the description", Set.of("a", "b"), Set.copyOf(d.members().stream()
                        .map(m -> m.groupInstanceId().orElse("none")).toList()));
            }
            b.close();
            try (Member again = new Member(server, group, topic, Map.of("group.instance.id", "b"))) {
                until("the restarted member owns its partition again", () -> again.assigned().equals(others), a, again);
                Check.equal("the other member's partitions", mine, a.assigned());
                Check.equal("rebalances of the other member", rebalances, a.rebalances);
                try (Member double_ = new Member(server, group, topic, Map.of("group.instance.id", "b"))) {
                    until("the second owner of an instance id is in", () -> double_.assigned().equals(others),
                            a, double_);
                    Check.fails("the first owner of the id", FencedInstanceIdException.class,
                            () -> until("it is fenced", () -> false, again, a, double_));
                    again.commits = false;
                }
            }
        }
    }

    /** By the consumer protocol (KIP-848) the first owner of an instance id keeps it until it leaves. */
    static void consumer(Server server) throws Exception {
        String topic = server.topic("static-consumer", 2);
        String group = server.name("static-consumer-group");
        Map<String, String> one = Map.of("group.protocol", "consumer", "group.instance.id", "a");
        Map<String, String> other = Map.of("group.protocol", "consumer", "group.instance.id", "b");
        try (Member a = new Member(server, group, topic, one)) {
            Member b = new Member(server, group, topic, other);
            until("both own one", () -> a.assigned().size() == 1 && b.assigned().size() == 1, a, b);
            Set<Integer> mine = a.assigned();
            Set<Integer> others = b.assigned();
            for (int i = 0; i < 20; i++) { // the callback of what was revoked comes later
                a.poll();
                b.poll();
            }
            int rebalances = a.rebalances;
            Member double_ = new Member(server, group, topic, other);
            double_.commits = false;
            Check.fails("a second owner of the id", UnreleasedInstanceIdException.class,
                    () -> until("it is refused", () -> false, a, b, double_));
            double_.close();
            b.close();
            try (Member again = new Member(server, group, topic, other)) {
                until("the restarted member owns its partition again", () -> again.assigned().equals(others), a, again);
                Check.equal("the other member's partitions", mine, a.assigned());
                Check.equal("rebalances of the other member", rebalances, a.rebalances);
            }
        }
    }

    private static void until(String what, java.util.function.BooleanSupplier holds, Member... members)
            throws Exception {
        Member.until(what, () -> { }, holds, members);
    }
}
