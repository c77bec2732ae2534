//go:build linux

// Package kafkajars runs a real Apache Kafka from the jars that Maven collects, from
// the repository's root: a KRaft broker of one node, and Kafka's own tools.
package kafkajars

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"copyscope/internal/process"
)

// Dir is where the jars are; git ignores bin, and make clean removes it. The matrix
// of clients has the same.
const Dir = "bin/clients/java/v4/lib"

// Modules of clients/java: each has the jars of one version. Current is the broker
// and the tools; Mirror has MirrorMaker besides, which Maven Central lacks of later
// versions.
const (
	Current = "v4"
	Mirror  = "v3"
)

// ModuleDir is where a module's jars are.
func ModuleDir(module string) string { return filepath.Join("bin/clients/java", module, "lib") }

// Collect has Maven fetch the jars that are out of date.
func Collect(ctx context.Context) error { return CollectModule(ctx, Current) }

// CollectModule has Maven fetch those of one module.
func CollectModule(ctx context.Context, module string) error {
	_, err := process.Run(ctx, "mvn", "-B", "-ntp", "-q", "-f", "clients/java/pom.xml", "-pl", module, "prepare-package")
	return err
}

// Version is that of the jars; empty if there are none.
func Version() (string, error) {
	const name = "kafka-clients-"
	found, err := filepath.Glob(filepath.Join(Dir, name+"*.jar"))
	if err != nil || len(found) == 0 {
		return "", err
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%s holds %d kafka-clients, there must be one; run make clean", Dir, len(found))
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), name), ".jar"), nil
}

// Java is the arguments of java(1) for a program of Kafka's.
func Java(flags []string, args ...string) []string {
	path := strings.Join([]string{"clients/java/logging", filepath.Join(Dir, "*")}, string(os.PathListSeparator))
	return append(append(append([]string{}, flags...), "-cp", path), args...)
}

// ToolFlags are for a tool that runs for seconds: the first tier of the compiler is
// enough for it.
var ToolFlags = []string{"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"}

// node is what every broker of one node needs, after Kafka's own
// config/server.properties.
const node = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[1]s
controller.listener.names=CONTROLLER
log.dirs=%[2]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
`

// Broker is a broker to be started.
type Broker struct {
	Dir        string // a new directory for all that is its
	Controller string // address of its controller
	Lines      string // of its server.properties: the listeners at least
	Flags      []string
}

// Logs is the broker's data directory.
func (b Broker) Logs() string { return filepath.Join(b.Dir, "logs") }

// Start formats the directory and starts the broker, which does not serve yet.
func (b Broker) Start(ctx context.Context) (*process.Process, error) {
	config := filepath.Join(b.Dir, "server.properties")
	if err := os.WriteFile(config, []byte(fmt.Sprintf(node, b.Controller, b.Logs())+b.Lines), 0o644); err != nil {
		return nil, err
	}
	if _, err := process.Run(ctx, "java", Java(ToolFlags, "kafka.tools.StorageTool", "format", "-t", "Y29weXNjb3BlY2xpZW50cw", "-c", config)...); err != nil {
		return nil, err
	}
	return b.Again()
}

// Again starts a broker once more, on what it left.
func (b Broker) Again() (*process.Process, error) {
	return process.Launch(filepath.Join(b.Dir, "log"), "java", Java(b.Flags, "kafka.Kafka", filepath.Join(b.Dir, "server.properties"))...)
}
