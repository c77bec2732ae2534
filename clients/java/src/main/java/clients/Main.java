package clients;

import java.util.Map;

/**
 * One scenario of the client matrix. Arguments: scenario, bootstrap address, and
 * a prefix for the names of topics and groups, so that runs do not meet.
 * Exits with 1 and the reason if an assertion fails.
 */
public final class Main {
    /** Scenario is one row: it throws if the server did not do what Kafka does. */
    interface Scenario {
        void run(Server server) throws Exception;
    }

    private static final Map<String, Scenario> SCENARIOS = Map.ofEntries(
            Map.entry("produce-consume", Records::produceConsume),
            Map.entry("idempotence", Records::idempotence),
            Map.entry("transactions", Transactions::commitAndAbort),
            Map.entry("transactions-fencing", Transactions::fencing),
            Map.entry("transactions-offsets", Transactions::offsets),
            Map.entry("transactions-admin", Transactions::admin),
            Map.entry("consumer-offsets", ConsumerOffsets::run),
            Map.entry("group-range", Groups::range),
            Map.entry("group-cooperative", Groups::cooperative),
            Map.entry("group-static", StaticMembers::run),
            Map.entry("group-consumer", Groups::consumer),
            Map.entry("group-consumer-range", Groups::consumerRange),
            Map.entry("group-consumer-migration", Groups::migration),
            Map.entry("group-consumer-static", StaticMembers::consumer),
            Map.entry("admin-topics", AdminTopics::run),
            Map.entry("admin-configs", AdminConfigs::run),
            Map.entry("admin-cluster", AdminCluster::run),
            Map.entry("admin-groups", AdminGroups::run),
            Map.entry("admin-consumer-groups", AdminGroups::consumer),
            Map.entry("admin-offsets", AdminOffsets::run),
            Map.entry("admin-quotas", Quotas::run),
            Map.entry("sasl", Sasl::run));

    private Main() {
    }

    public static void main(String[] args) {
        if (args.length != 3 || !SCENARIOS.containsKey(args[0])) {
            System.err.println("usage: Main SCENARIO BOOTSTRAP PREFIX; scenarios: " + SCENARIOS.keySet());
            System.exit(2);
        }
        try {
            SCENARIOS.get(args[0]).run(new Server(args[1], args[2]));
        } catch (Throwable failure) {
            failure.printStackTrace();
            System.exit(1);
        }
        // Client threads that a failed close left behind must not keep the row alive.
        System.exit(0);
    }
}
