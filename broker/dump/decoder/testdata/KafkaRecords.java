// Writes records of Kafka's internal topics by Kafka's own classes, and what its
// DumpLogSegments says of them, a JSON object a line. It is in the tool's package as
// the decoders are visible there alone. With the class path of Kafka 4.4's jars
// (clients/java/v4, mvn dependency:build-classpath) in CP:
//
//	javac -cp "$CP" -d /tmp/records KafkaRecords.java
//	java -cp "/tmp/records:$CP" org.apache.kafka.tools.KafkaRecords >kafka.jsonl
package org.apache.kafka.tools;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.coordinator.group.generated.*;
import org.apache.kafka.coordinator.transaction.generated.*;

public class KafkaRecords {
    static final Uuid TOPIC = new Uuid(0x0102030405060708L, 0x090a0b0c0d0e0f10L);

    public static void main(String[] args) {
        var offsetKey = new OffsetCommitKey().setGroup("g").setTopic("t").setPartition(7);
        for (short v = 0; v <= 4; v++) {
            var value = new OffsetCommitValue().setOffset(1L << 40).setMetadata("m\u00e9 <&>").setCommitTimestamp(1700000000000L);
            if (v == 1) value.setExpireTimestamp(1700000000001L);
            if (v >= 3) value.setLeaderEpoch(5);
            if (v >= 4) value.setTopicId(TOPIC);
            offsets(offsetKey, v, value);
        }
        offsets(new LegacyOffsetCommitKey().setGroup("g").setTopic("t").setPartition(7), (short) 0,
            new LegacyOffsetCommitValue().setOffset(3).setMetadata("").setCommitTimestamp(4));
        offsets(offsetKey, (short) 0, null);

        var groupKey = new GroupMetadataKey().setGroup("g");
        for (short v = 0; v <= 4; v++) {
            offsets(groupKey, v, group(v, "consumer", bytes(ConsumerProtocol.serializeSubscription(new Subscription(List.of("t", "u"), ByteBuffer.wrap(new byte[] {1, 2}), List.of(new TopicPartition("t", 0), new TopicPartition("t", 1)), 4, java.util.Optional.of("rack")))),
                bytes(ConsumerProtocol.serializeAssignment(new Assignment(List.of(new TopicPartition("u", 3)))))));
        }
        for (short v = 0; v <= 3; v++) {
            offsets(groupKey, (short) 3, group((short) 3, "consumer", bytes(ConsumerProtocol.serializeSubscription(new Subscription(List.of("t")), v)),
                bytes(ConsumerProtocol.serializeAssignment(new Assignment(List.of()), v))));
        }
        offsets(groupKey, (short) 3, group((short) 3, "connect", new byte[] {0, 1, 2}, new byte[] {}));
        offsets(groupKey, (short) 3, new GroupMetadataValue().setProtocolType("").setGeneration(1).setCurrentStateTimestamp(9));
        offsets(groupKey, (short) 0, null);

        var key3 = new ConsumerGroupMetadataKey().setGroupId("g");
        offsets(key3, (short) 0, new ConsumerGroupMetadataValue().setEpoch(5));
        offsets(key3, (short) 0, new ConsumerGroupMetadataValue().setEpoch(5).setMetadataHash(-6));
        offsets(key3, (short) 0, null);
        offsets(new ConsumerGroupPartitionMetadataKey().setGroupId("g"), (short) 0, new ConsumerGroupPartitionMetadataValue().setTopics(List.of(
            new ConsumerGroupPartitionMetadataValue.TopicMetadata().setTopicId(TOPIC).setTopicName("t").setNumPartitions(2).setPartitionMetadata(List.of(
                new ConsumerGroupPartitionMetadataValue.PartitionMetadata().setPartition(1).setRacks(List.of("a", "b")))))));
        var key5 = new ConsumerGroupMemberMetadataKey().setGroupId("g").setMemberId("m");
        offsets(key5, (short) 0, new ConsumerGroupMemberMetadataValue().setInstanceId(null).setRackId(null).setClientId("c").setClientHost("/127.0.0.1")
            .setSubscribedTopicNames(List.of("t", "u")).setSubscribedTopicRegex(null).setRebalanceTimeoutMs(1000).setServerAssignor(null));
        offsets(key5, (short) 0, new ConsumerGroupMemberMetadataValue().setInstanceId("i").setRackId("r").setClientId("c").setClientHost("h")
            .setSubscribedTopicNames(List.of()).setSubscribedTopicRegex("t.*").setRebalanceTimeoutMs(-1).setServerAssignor("uniform")
            .setClassicMemberMetadata(new ConsumerGroupMemberMetadataValue.ClassicMemberMetadata().setSessionTimeoutMs(45000).setSupportedProtocols(List.of(
                new ConsumerGroupMemberMetadataValue.ClassicProtocol().setName("range").setMetadata(new byte[] {0, 1, (byte) 255})))));
        var key6 = new ConsumerGroupTargetAssignmentMetadataKey().setGroupId("g");
        offsets(key6, (short) 0, new ConsumerGroupTargetAssignmentMetadataValue().setAssignmentEpoch(6));
        offsets(key6, (short) 0, new ConsumerGroupTargetAssignmentMetadataValue().setAssignmentEpoch(6).setAssignmentTimestamp(7));
        offsets(new ConsumerGroupTargetAssignmentMemberKey().setGroupId("g").setMemberId("m"), (short) 0,
            new ConsumerGroupTargetAssignmentMemberValue().setTopicPartitions(List.of(
                new ConsumerGroupTargetAssignmentMemberValue.TopicPartition().setTopicId(TOPIC).setPartitions(List.of(0, 2)))));
        var key8 = new ConsumerGroupCurrentMemberAssignmentKey().setGroupId("g").setMemberId("m");
        for (byte state = 0; state <= 3; state++) {
            offsets(key8, (short) 0, new ConsumerGroupCurrentMemberAssignmentValue().setMemberEpoch(9).setPreviousMemberEpoch(8).setState(state)
                .setAssignedPartitions(List.of(new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions().setTopicId(TOPIC).setPartitions(List.of(1)).setAssignmentEpochs(state == 0 ? null : List.of(9))))
                .setPartitionsPendingRevocation(List.of(new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions().setTopicId(TOPIC).setPartitions(List.of()))));
        }
        offsets(new ConsumerGroupRegularExpressionKey().setGroupId("g").setRegularExpression("t|u"), (short) 0,
            new ConsumerGroupRegularExpressionValue().setTopics(List.of("t", "u")).setVersion(10).setTimestamp(11));

        var id = new TransactionLogKey().setTransactionalId("id");
        var partitions = List.of(new TransactionLogValue.PartitionsSchema().setTopic("t").setPartitionIds(List.of(0, 1)));
        for (byte state = 0; state <= 8; state++) {
            for (short v = 0; v <= 1; v++) {
                var value = new TransactionLogValue().setProducerId(1000).setProducerEpoch((short) 2).setTransactionTimeoutMs(60000).setTransactionStatus(state)
                    .setTransactionPartitions(state == 0 ? null : partitions).setTransactionLastUpdateTimestampMs(12).setTransactionStartTimestampMs(-1);
                if (v == 1 && state > 1) value.setPreviousProducerId(1000).setNextProducerId(1001).setNextProducerEpoch((short) 3).setClientTransactionVersion((short) 2);
                transactions(id, v, value);
            }
        }
        transactions(id, (short) 0, null);
    }

    static GroupMetadataValue group(short v, String type, byte[] subscription, byte[] assignment) {
        var member = new GroupMetadataValue.MemberMetadata().setMemberId("m").setClientId("c").setClientHost("h").setSessionTimeout(45000)
            .setSubscription(subscription).setAssignment(assignment);
        if (v >= 1) member.setRebalanceTimeout(300000);
        if (v >= 3) member.setGroupInstanceId("i");
        var group = new GroupMetadataValue().setProtocolType(type).setGeneration(3).setProtocol("range").setLeader("m").setMembers(List.of(member));
        return v >= 2 ? group.setCurrentStateTimestamp(1700000000000L) : group;
    }

    static byte[] bytes(ByteBuffer b) {
        byte[] all = new byte[b.remaining()];
        b.get(all);
        return all;
    }

    static void offsets(ApiMessage key, short version, ApiMessage value) { print("__consumer_offsets", new DumpLogSegments.OffsetsMessageParser(), key, version, value); }

    static void transactions(ApiMessage key, short version, ApiMessage value) { print("__transaction_state", new DumpLogSegments.TransactionLogMessageParser(), key, version, value); }

    static void print(String topic, DumpLogSegments.MessageParser<String, String> parser, ApiMessage key, short version, ApiMessage value) {
        byte[] k = MessageUtil.toCoordinatorTypePrefixedBytes(key);
        byte[] v = value == null ? null : MessageUtil.toVersionPrefixedBytes(version, value);
        var record = MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(k, v)).records().iterator().next();
        var said = parser.parse(record);
        System.out.printf("{\"topic\":\"%s\",\"key\":\"%s\",\"value\":%s,\"key_said\":%s,\"value_said\":%s}%n", topic, HexFormat.of().formatHex(k),
            v == null ? "null" : "\"" + HexFormat.of().formatHex(v) + "\"", said.key().get(), v == null ? "\"" + said.value().get() + "\"" : said.value().get());
    }
}
