//go:build linux

// Command migration does what docs/migration.md says: it takes the blocks of commands
// from that page and runs them, from Apache Kafka to copyscope and back, by copying
// directories and by mirroring. Run it from the repository:
//
//	go run ./docs/migration
//
// It needs a JDK and Maven, which fetches Kafka's jars, and kcat.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
)

func main() {
	only := flag.String("only", "", "take the directions whose name the `regexp` matches")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	which, err := regexp.Compile(*only)
	if err == nil {
		err = run(ctx, which)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "migration:", err)
		os.Exit(1)
	}
}

// directions are all ways of the page, each with new brokers.
var directions = []struct {
	name  string
	steps []step
}{
	{"by copying, from Kafka to copyscope and back", []step{
		kafkaStarts, fillKafka, commands("note what Kafka has"), kafkaStops,
		commands("copy to copyscope"), copyscopeStarts, commands("check copyscope"), groupAtCopyscope, appendToCopyscope,
		newKafka, kafkaStarts, commands("make the topic in Kafka"), commands("note what copyscope has"), kafkaStops, copyscopeStops,
		commands("copy to Kafka"), kafkaStarts, commands("check Kafka"), groupAtKafka, appendToKafka,
	}},
	{"by mirroring, from Kafka to copyscope", []step{
		kafkaStarts, copyscopeStarts, fillKafka, commands("mirror to copyscope", "until it has arrived"), contentsAgree, groupMirroredToCopyscope,
	}},
	{"by mirroring, from copyscope to Kafka", []step{
		kafkaStarts, copyscopeStarts, fillCopyscope, exchanged("mirror to copyscope", "until it has arrived"), contentsAgree, groupMirroredToKafka,
	}},
}

func run(ctx context.Context, which *regexp.Regexp) error {
	dir, err := os.MkdirTemp("", "copyscope-migration-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, module := range []string{kafkajars.Current, kafkajars.Mirror} {
		if err := kafkajars.CollectModule(ctx, module); err != nil {
			return err
		}
	}
	if err := kafkajars.Scripts(filepath.Join(dir, "bin")); err != nil {
		return err
	}
	binary := filepath.Join(dir, "copyscope")
	if _, err := process.Run(ctx, "go", "build", "-o", binary, "./cmd/copyscope"); err != nil {
		return err
	}
	found, err := blocks(page)
	if err != nil {
		return err
	}
	for i, d := range directions {
		if !which.MatchString(d.name) {
			continue
		}
		fmt.Println(d.name)
		m := &move{dir: filepath.Join(dir, fmt.Sprint(i)), bin: filepath.Join(dir, "bin"), binary: binary, blocks: found}
		if err := m.take(ctx, d.steps); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return nil
}

// take makes the brokers, takes the steps and stops what runs.
func (m *move) take(ctx context.Context, steps []step) (err error) {
	defer func() {
		if m.kafka != nil {
			err = errors.Join(err, m.kafka.stop())
		}
		if m.copyscope != nil {
			err = errors.Join(err, m.copyscope.stop())
		}
	}()
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return err
	}
	if err := newKafka.do(ctx, m); err != nil {
		return err
	}
	if m.copyscope, err = copyscope(m.binary, filepath.Join(m.dir, "copyscope")); err != nil {
		return err
	}
	for _, s := range steps {
		begun := time.Now()
		if err := s.do(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Printf("  %5.1f s  %s\n", time.Since(begun).Seconds(), s.name)
	}
	return nil
}
