//go:build linux

package kafkajars

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Tool is a command of Kafka's bin directory.
type Tool struct {
	Module string   // whose jars have it
	Class  string   // that it runs
	Flags  []string // of java(1)
}

var (
	// workFlags are for a tool that moves or encrypts many bytes, for which the
	// compiler's first tier, which ToolFlags stop at, is too slow.
	workFlags = []string{"-Xmx512m", "-XX:+UseSerialGC", "-Xshare:auto"}
	// serverFlags have it say when it has started, as it does with Kafka's own logging.
	serverFlags = append([]string{"-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info"}, workFlags...)
)

// Tools are those that pages of the documentation use, by their names.
var Tools = map[string]Tool{
	"connect-mirror-maker.sh":     {Mirror, "org.apache.kafka.connect.mirror.MirrorMaker", ToolFlags},
	"kafka-configs.sh":            {Current, "org.apache.kafka.tools.ConfigCommand", ToolFlags},
	"kafka-consumer-groups.sh":    {Current, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", ToolFlags},
	"kafka-consumer-perf-test.sh": {Current, "org.apache.kafka.tools.ConsumerPerformance", workFlags},
	"kafka-producer-perf-test.sh": {Current, "org.apache.kafka.tools.ProducerPerformance", workFlags},
	"kafka-server-start.sh":       {Current, "kafka.Kafka", serverFlags},
	"kafka-storage.sh":            {Current, "kafka.tools.StorageTool", ToolFlags},
	"kafka-topics.sh":             {Current, "org.apache.kafka.tools.TopicCommand", ToolFlags},
}

// Scripts writes the tools into a folder: jars have classes alone. They run from any
// folder.
func Scripts(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	logging, err := filepath.Abs("clients/java/logging")
	if err != nil {
		return err
	}
	for name, tool := range Tools {
		jars, err := filepath.Abs(ModuleDir(tool.Module))
		if err != nil {
			return err
		}
		text := fmt.Sprintf("#!/bin/sh\nexec java %s -cp '%s:%s/*' %s \"$@\"\n", strings.Join(tool.Flags, " "), logging, jars, tool.Class)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}
