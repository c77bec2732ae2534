package clients;

import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** ListOffsets by every spec, on a partition whose greatest timestamp is not its last. */
final class AdminOffsets {
    private AdminOffsets() {
    }

    static void run(Server server) throws Exception {
        String topic = server.topic("specs", 1);
        TopicPartition tp = new TopicPartition(topic, 0);
        long[] timestamps = {Server.HOUR_AGO, Server.HOUR_AGO + 3000, Server.HOUR_AGO + 9000, Server.HOUR_AGO + 5000};
        try (KafkaProducer<String, String> producer = server.producer(Map.of())) {
            for (long timestamp : timestamps) {
                producer.send(new ProducerRecord<>(topic, 0, timestamp, null, "v")).get();
            }
        }
        try (Admin admin = server.admin()) {
            Check.equal("earliest", 0L, at(admin, tp, OffsetSpec.earliest()).offset());
            ListOffsetsResultInfo latest = at(admin, tp, OffsetSpec.latest());
            Check.equal("latest", 4L, latest.offset());
            Check.that("the leader epoch of the latest is not negative",
                    latest.leaderEpoch().map(e -> e >= 0).orElse(true));
            ListOffsetsResultInfo max = at(admin, tp, OffsetSpec.maxTimestamp());
            Check.equal("offset of the greatest timestamp", 2L, max.offset());
            Check.equal("the greatest timestamp", timestamps[2], max.timestamp());
            ListOffsetsResultInfo found = at(admin, tp, OffsetSpec.forTimestamp(Server.HOUR_AGO + 1000));
            Check.equal("offset for a time between", 1L, found.offset());
            Check.equal("its timestamp", timestamps[1], found.timestamp());
            Check.equal("offset for a time after all", -1L,
                    at(admin, tp, OffsetSpec.forTimestamp(Server.HOUR_AGO + 10000)).offset());
            Check.equal("its leader epoch", Optional.empty(),
                    at(admin, tp, OffsetSpec.forTimestamp(Server.HOUR_AGO + 10000)).leaderEpoch());
        }
    }

    private static ListOffsetsResultInfo at(Admin admin, TopicPartition tp, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(tp, spec)).partitionResult(tp).get();
    }
}
