package clients;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.ReplicaInfo;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;

/** What the cluster says of itself: nodes, controller, id, log directories. */
final class AdminCluster {
    private AdminCluster() {
    }

    static void run(Server server) throws Exception {
        String topic = server.topic("sized", 1);
        server.fill(topic, 1, 1000);
        try (Admin admin = server.admin()) {
            DescribeClusterResult cluster = admin.describeCluster();
            Collection<Node> nodes = cluster.nodes().get();
            Check.equal("nodes", 1, nodes.size());
            Node node = nodes.iterator().next();
            Check.equal("advertised address", server.bootstrap(), node.host() + ":" + node.port());
            Check.equal("controller", node.id(), cluster.controller().get().id());
            Check.that("the cluster has an id", !cluster.clusterId().get().isEmpty());

            Map<String, LogDirDescription> dirs =
                    admin.describeLogDirs(List.of(node.id())).allDescriptions().get().get(node.id());
            Check.equal("log directories", 1, dirs.size());
            LogDirDescription dir = dirs.values().iterator().next();
            Check.equal("error of the log directory", null, dir.error());
            ReplicaInfo replica = dir.replicaInfos().get(new TopicPartition(topic, 0));
            Check.that("the partition is in it", replica != null);
            Check.that("its size is that of 1000 records, " + replica.size(), replica.size() > 5000);
            Check.equal("lag", 0L, replica.offsetLag());
            Check.that("volume: total " + dir.totalBytes() + ", usable " + dir.usableBytes(),
                    dir.totalBytes().orElse(0) > 0 && dir.usableBytes().orElse(0) > 0);
        }
    }
}
