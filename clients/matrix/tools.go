package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// toolClasses are Kafka's own tools by the name of their script, in the order of
// jvms. Kafka 4 moved the last ones from Scala to Java.
var toolClasses = map[string][]string{
	"kafka-console-producer":    {"kafka.tools.ConsoleProducer", "org.apache.kafka.tools.ConsoleProducer"},
	"kafka-console-consumer":    both("org.apache.kafka.tools.consumer.ConsoleConsumer"),
	"kafka-producer-perf-test":  both("org.apache.kafka.tools.ProducerPerformance"),
	"kafka-consumer-perf-test":  both("org.apache.kafka.tools.ConsumerPerformance"),
	"kafka-verifiable-producer": both("org.apache.kafka.tools.VerifiableProducer"),
	"kafka-verifiable-consumer": both("org.apache.kafka.tools.VerifiableConsumer"),
	"kafka-topics":              both("org.apache.kafka.tools.TopicCommand"),
	"kafka-consumer-groups":     both("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
	"kafka-configs":             {"kafka.admin.ConfigCommand", "org.apache.kafka.tools.ConfigCommand"},
	"kafka-get-offsets":         both("org.apache.kafka.tools.GetOffsetShell"),
	"kafka-delete-records":      both("org.apache.kafka.tools.DeleteRecordsCommand"),
	"kafka-log-dirs":            both("org.apache.kafka.tools.LogDirsCommand"),
	"kafka-broker-api-versions": {"kafka.admin.BrokerApiVersionsCommand", "org.apache.kafka.tools.BrokerApiVersionsCommand"},
	"kafka-cluster":             both("org.apache.kafka.tools.ClusterTool"),
	"kafka-dump-log":            {"kafka.tools.DumpLogSegments", "org.apache.kafka.tools.DumpLogSegments"},
}

func both(class string) []string { return []string{class, class} }

// toolRun is one row's way to Kafka's tools of one version.
type toolRun struct {
	module int // of jvms
	e      *env
	prefix string
}

// run runs a tool. Its stdout is returned.
func (t toolRun) run(ctx context.Context, stdin, script string, args ...string) (string, error) {
	class := toolClasses[script][t.module]
	return command(ctx, stdin, "java", jvm(jvms[t.module], "128m", append([]string{class}, args...)...)...)
}

// ask runs a tool of the server.
func (t toolRun) ask(ctx context.Context, script string, args ...string) (string, error) {
	return t.run(ctx, "", script, append([]string{"--bootstrap-server", t.e.brokers}, args...)...)
}

func toolRows(k *kit) (rows []row) {
	for i, m := range jvms {
		for _, s := range []struct {
			name, asserts string
			run           func(context.Context, toolRun) error
		}{
			{"kafka-console-producer, -consumer", "keys and values of 500 lines, from the beginning and in a group", consoleTools},
			{"kafka-producer-perf-test, kafka-consumer-perf-test", "20,000 records sent, the same number and size consumed", perfTools},
			{"kafka-verifiable-producer, -consumer", "2,000 acknowledged offsets gapless; a group consumes and commits them", verifiableTools},
			{"kafka-topics", "create, describe, alter, list, delete", topicsTool},
			{"kafka-configs", "a topic's config set, described, deleted; the broker's described", configsTool},
			{"kafka-configs of users, clients and addresses", "quotas set and described; a user added by SCRAM-SHA-256, who is let in", quotasTool},
			{"kafka-consumer-groups", "list, describe with lag, state, reset to an offset, delete", groupsTool},
			{"kafka-get-offsets, kafka-delete-records", "end, start after the deletion, greatest timestamp", offsetsTools},
			{"kafka-log-dirs, kafka-cluster, kafka-broker-api-versions", "the partition's size, the cluster's id, the versions of four requests", clusterTools},
		} {
			rows = append(rows, row{
				client: "Kafka's tools " + k.versions[m], scenario: s.name, asserts: s.asserts, needs: []tool{java}, files: strings.Contains(s.name, "users"),
				run: func(ctx context.Context, e *env, prefix string) error { return s.run(ctx, toolRun{i, e, prefix}) },
			})
		}
	}
	return rows
}

// consoleProperty is how the console tools of each module want their reader's
// and their formatter's properties: Kafka 4 warns of the old option on stdout.
var consoleProperty = [][2]string{{"property", "property"}, {"reader-property", "formatter-property"}}

func consoleTools(ctx context.Context, t toolRun) error {
	if err := createTopic(ctx, t.e.brokers, t.prefix, 1, nil); err != nil {
		return err
	}
	sent := text(500)
	if _, err := t.run(ctx, sent, "kafka-console-producer", "--bootstrap-server", t.e.brokers, "--topic", t.prefix,
		"--"+consoleProperty[t.module][0], "parse.key=true", "--"+consoleProperty[t.module][0], "key.separator=:"); err != nil {
		return err
	}
	for _, more := range [][]string{nil, {"--group", t.prefix + "-group"}} {
		got, err := t.ask(ctx, "kafka-console-consumer", append([]string{"--topic", t.prefix, "--from-beginning", "--max-messages", "500",
			"--timeout-ms", "20000", "--" + consoleProperty[t.module][1], "print.key=true", "--" + consoleProperty[t.module][1], "key.separator=:"}, more...)...)
		if err != nil {
			return err
		}
		if err := differ("console consumer", sent, got); err != nil {
			return err
		}
	}
	return nil
}

func perfTools(ctx context.Context, t toolRun) error {
	if err := createTopic(ctx, t.e.brokers, t.prefix, 1, nil); err != nil {
		return err
	}
	out, err := t.run(ctx, "", "kafka-producer-perf-test", "--topic", t.prefix, "--num-records", "20000", "--record-size", "100",
		"--throughput", "-1", "--producer-props", "bootstrap.servers="+t.e.brokers, "acks=all")
	if err != nil {
		return err
	}
	if err := contains("kafka-producer-perf-test", out, "20000 records sent"); err != nil {
		return err
	}
	out, err = t.ask(ctx, "kafka-consumer-perf-test", "--topic", t.prefix, "--messages", "20000", "--timeout", "20000")
	if err != nil {
		return err
	}
	// start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, …
	lines := strings.Split(strings.TrimSpace(out), "\n")
	fields := strings.Split(lines[len(lines)-1], ", ")
	if len(fields) < 5 || fields[4] != "20000" || fields[2] != "1.9073" {
		return fmt.Errorf("kafka-consumer-perf-test: 20000 messages of 1.9073 MB are not in\n%s", out)
	}
	return nil
}

func verifiableTools(ctx context.Context, t toolRun) error {
	if err := createTopic(ctx, t.e.brokers, t.prefix, 1, nil); err != nil {
		return err
	}
	out, err := t.ask(ctx, "kafka-verifiable-producer", "--topic", t.prefix, "--max-messages", "2000", "--acks", "-1")
	if err != nil {
		return err
	}
	if err := contains("kafka-verifiable-producer", out, `"offset":0`, `"offset":1999`, `"sent":2000`, `"acked":2000`); err != nil {
		return err
	}
	out, err = t.ask(ctx, "kafka-verifiable-consumer", "--topic", t.prefix, "--group-id", t.prefix+"-group", "--max-messages", "2000", "--reset-policy", "earliest")
	if err != nil {
		return err
	}
	return contains("kafka-verifiable-consumer", out, `"name":"partitions_assigned"`, `"minOffset":0`, `"maxOffset":1999`, `"success":true`, `"offset":2000`)
}

func topicsTool(ctx context.Context, t toolRun) error {
	named := "--topic " + t.prefix
	for _, step := range []struct {
		args string
		want []string
	}{
		{"--create --partitions 2 --replication-factor 1 --config retention.ms=3600000 " + named, []string{"Created topic " + t.prefix + "."}},
		{"--describe " + named, []string{"Topic: " + t.prefix, "PartitionCount: 2", "ReplicationFactor: 1", "retention.ms=3600000", "Partition: 1"}},
		{"--alter --partitions 3 " + named, nil},
		{"--describe " + named, []string{"PartitionCount: 3", "Partition: 2"}},
		{"--list", []string{t.prefix + "\n"}},
		{"--delete " + named, nil},
	} {
		out, err := t.ask(ctx, "kafka-topics", strings.Fields(step.args)...)
		if err == nil {
			err = contains("kafka-topics "+step.args, out, step.want...)
		}
		if err != nil {
			return err
		}
	}
	out, err := t.ask(ctx, "kafka-topics", "--list")
	if err == nil && strings.Contains(out, t.prefix+"\n") {
		return fmt.Errorf("the deleted topic is still listed:\n%s", out)
	}
	return err
}

func configsTool(ctx context.Context, t toolRun) error {
	if err := createTopic(ctx, t.e.brokers, t.prefix, 1, nil); err != nil {
		return err
	}
	topic := []string{"--entity-type", "topics", "--entity-name", t.prefix}
	if _, err := t.ask(ctx, "kafka-configs", append(topic, "--alter", "--add-config", "retention.ms=60000,segment.bytes=2097152")...); err != nil {
		return err
	}
	out, err := t.ask(ctx, "kafka-configs", append(topic, "--describe")...)
	if err != nil {
		return err
	}
	if err := contains("described", out, "retention.ms=60000", "segment.bytes=2097152"); err != nil {
		return err
	}
	if _, err := t.ask(ctx, "kafka-configs", append(topic, "--alter", "--delete-config", "retention.ms")...); err != nil {
		return err
	}
	if out, err = t.ask(ctx, "kafka-configs", append(topic, "--describe")...); err != nil {
		return err
	}
	if strings.Contains(out, "retention.ms=") {
		return fmt.Errorf("the deleted config is still described:\n%s", out)
	}
	if err := contains("described", out, "segment.bytes=2097152"); err != nil {
		return err
	}
	out, err = t.ask(ctx, "kafka-configs", "--entity-type", "brokers", "--describe", "--all")
	if err != nil {
		return err
	}
	return contains("the broker's", out, "log.dir")
}

// quotasTool is on the secured server: so the tool itself authenticates, and so can
// the user whom it adds.
func quotasTool(ctx context.Context, t toolRun) error {
	return onSecured(func(ctx context.Context, e *env, s *secured, prefix string) error {
		return quotasOnSecured(ctx, toolRun{t.module, e, prefix}, s)
	})(ctx, t.e, t.prefix)
}

func quotasOnSecured(ctx context.Context, t toolRun, s *secured) error {
	file := filepath.Join(t.e.dir, t.prefix+".properties")
	properties := fmt.Sprintf("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";\n", securedUser, securedPassword)
	if err := os.WriteFile(file, []byte(properties), 0o600); err != nil {
		return err
	}
	user, client, ip := t.prefix+"-user", t.prefix+"-client", fmt.Sprintf("192.0.2.%d", 10+t.module)
	for _, step := range []struct {
		args []string
		want []string
	}{
		{[]string{"--alter", "--entity-type", "users", "--entity-name", user, "--add-config", "SCRAM-SHA-256=[iterations=8192,password=secret]"}, []string{"Completed updating"}},
		{[]string{"--alter", "--entity-type", "users", "--entity-name", user, "--add-config", "producer_byte_rate=1024,consumer_byte_rate=2048"}, []string{"Completed updating"}},
		{[]string{"--alter", "--entity-type", "users", "--entity-name", user, "--entity-type", "clients", "--entity-name", client, "--add-config", "request_percentage=50.5"}, []string{"Completed updating"}},
		{[]string{"--describe", "--entity-type", "users", "--entity-name", user}, []string{"producer_byte_rate=1024.0", "consumer_byte_rate=2048.0", "SCRAM-SHA-256=iterations=8192"}},
		{[]string{"--describe", "--entity-type", "users", "--entity-type", "clients"}, []string{"'" + user + "'", "'" + client + "'", "request_percentage=50.5"}},
		{[]string{"--alter", "--entity-type", "ips", "--entity-name", ip, "--add-config", "connection_creation_rate=10"}, []string{"Completed updating"}},
		{[]string{"--describe", "--entity-type", "ips", "--entity-name", ip}, []string{"connection_creation_rate=10.0"}},
	} {
		out, err := t.run(ctx, "", "kafka-configs", append([]string{"--bootstrap-server", s.addr, "--command-config", file}, step.args...)...)
		if err == nil {
			err = contains("kafka-configs "+strings.Join(step.args, " "), out, step.want...)
		}
		if err != nil {
			return err
		}
	}
	opts, err := s.as("SCRAM-SHA-256", "SASL_PLAINTEXT", user, "secret")
	if err != nil {
		return err
	}
	return franzLetIn(ctx, s.addr, opts)
}

func groupsTool(ctx context.Context, t toolRun) error {
	group := t.prefix + "-group"
	if err := createTopic(ctx, t.e.brokers, t.prefix, 1, nil); err != nil {
		return err
	}
	if err := fillPartitions(ctx, t.e.brokers, t.prefix, 1, 10, 0); err != nil {
		return err
	}
	if err := commitOffset(ctx, t.e.brokers, group, t.prefix, 4); err != nil {
		return err
	}
	const script = "kafka-consumer-groups"
	for _, step := range []struct {
		args []string
		want string // a regular expression
	}{
		{[]string{"--list"}, `(?m)^` + group + `\s*$`},
		{[]string{"--describe", "--group", group}, group + `\s+` + t.prefix + `\s+0\s+4\s+10\s+6\s`},
		{[]string{"--describe", "--group", group, "--state"}, `Empty\s+0`},
		{[]string{"--reset-offsets", "--group", group, "--topic", t.prefix, "--to-offset", "7", "--execute"}, t.prefix + `\s+0\s+7`},
		{[]string{"--describe", "--group", group}, `\s0\s+7\s+10\s+3\s`},
		{[]string{"--delete-offsets", "--group", group, "--topic", t.prefix}, `(?i)successful`},
		{[]string{"--delete", "--group", group}, `(?i)successful`},
	} {
		out, err := t.ask(ctx, script, step.args...)
		if err != nil {
			return err
		}
		if !regexp.MustCompile(step.want).MatchString(out) {
			return fmt.Errorf("%s %s: %q does not match\n%s", script, strings.Join(step.args, " "), step.want, out)
		}
	}
	out, err := t.ask(ctx, script, "--list")
	if err == nil && strings.Contains(out, group) {
		return fmt.Errorf("the deleted group is still listed:\n%s", out)
	}
	return err
}

func offsetsTools(ctx context.Context, t toolRun) error {
	if err := createTopic(ctx, t.e.brokers, t.prefix, 1, nil); err != nil {
		return err
	}
	if err := produceAt(ctx, t.e.brokers, t.prefix, hourAgo, 1000, 50); err != nil {
		return err
	}
	file := filepath.Join(t.e.dir, t.prefix+".json")
	ask := fmt.Sprintf(`{"version":1,"partitions":[{"topic":%q,"partition":0,"offset":20}]}`, t.prefix)
	if err := os.WriteFile(file, []byte(ask), 0o644); err != nil {
		return err
	}
	out, err := t.ask(ctx, "kafka-delete-records", "--offset-json-file", file)
	if err != nil {
		return err
	}
	if err := contains("kafka-delete-records", out, "low_watermark: 20"); err != nil {
		return err
	}
	for at, want := range map[string]string{"latest": "50", "earliest": "20", "max-timestamp": "49", strconv.FormatInt(hourAgo+30_500, 10): "31"} {
		out, err := t.ask(ctx, "kafka-get-offsets", "--topic", t.prefix, "--time", at)
		if err != nil {
			return err
		}
		if err := differ(at, t.prefix+":0:"+want+"\n", out); err != nil {
			return err
		}
	}
	return nil
}

func clusterTools(ctx context.Context, t toolRun) error {
	if err := createTopic(ctx, t.e.brokers, t.prefix, 1, nil); err != nil {
		return err
	}
	if err := produceAt(ctx, t.e.brokers, t.prefix, hourAgo, 1000, 50); err != nil {
		return err
	}
	out, err := t.ask(ctx, "kafka-log-dirs", "--describe", "--topic-list", t.prefix)
	if err != nil {
		return err
	}
	if err := contains("kafka-log-dirs", out, `"error":null`, `"partition":"`+t.prefix+`-0"`, `"offsetLag":0`); err != nil {
		return err
	}
	if !regexp.MustCompile(`"partition":"` + t.prefix + `-0","size":[1-9]\d{2,}`).MatchString(out) {
		return fmt.Errorf("kafka-log-dirs: the partition has no size\n%s", out)
	}
	if out, err = t.run(ctx, "", "kafka-cluster", "cluster-id", "--bootstrap-server", t.e.brokers); err != nil {
		return err
	}
	if err := contains("kafka-cluster", out, "Cluster ID: "); err != nil {
		return err
	}
	if out, err = t.ask(ctx, "kafka-broker-api-versions"); err != nil {
		return err
	}
	return contains("kafka-broker-api-versions", out, t.e.brokers, "Produce(0): ", "Fetch(1): ", "Metadata(3): ", "ApiVersions(18): ")
}
