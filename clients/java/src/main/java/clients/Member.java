package clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** A group member that keeps what it got, was assigned and lost. One thread uses it. */
final class Member implements AutoCloseable, ConsumerRebalanceListener {
    final KafkaConsumer<String, String> consumer;
    final List<String> values = new ArrayList<>();
    final Set<Integer> revoked = new HashSet<>();
    int rebalances;
    /** Whether it may still commit when partitions go; a fenced member may not. */
    boolean commits = true;

    Member(Server server, String group, String topic, Map<String, String> more) {
        Map<String, String> config = new HashMap<>(Map.of("group.id", group));
        if (!more.containsKey("group.protocol")) { // of the other protocol the broker sets them
            config.putAll(Map.of("session.timeout.ms", "10000", "heartbeat.interval.ms", "300"));
        }
        config.putAll(more);
        consumer = server.consumer(config);
        consumer.subscribe(List.of(topic), this);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        rebalances++;
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> lost) {
        lost.forEach(p -> revoked.add(p.partition()));
        if (commits) {
            consumer.commitSync();
        }
    }

    void poll() {
        consumer.poll(Duration.ofMillis(50)).forEach(r -> values.add(r.value()));
    }

    Set<Integer> assigned() {
        Set<Integer> partitions = new TreeSet<>();
        consumer.assignment().forEach(p -> partitions.add(p.partition()));
        return partitions;
    }

    /** Polls all members until the condition holds; fails after 30 s. */
    static void until(String what, Check.Action tell, java.util.function.BooleanSupplier holds, Member... members)
            throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                tell.run();
                throw new AssertionError("not within 30 s: " + what);
            }
            for (Member m : members) {
                m.poll();
            }
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
