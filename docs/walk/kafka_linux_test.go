package walk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"copyscope/internal/kafkajars"
)

// collectKafka has Maven fetch Kafka's jars in CI, if nothing has done so before.
func collectKafka(ctx context.Context) error {
	if os.Getenv("CI") == "" {
		return nil
	}
	return inRoot(func() error { return kafkajars.Collect(ctx) })
}

// kafkaMissing says why there is no Kafka here, or nothing.
func kafkaMissing() (why string) {
	err := inRoot(func() error {
		version, err := kafkajars.Version()
		if err == nil && version == "" {
			err = fmt.Errorf("there are no jars of Apache Kafka; `go run ./docs/migration` fetches them")
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	return ""
}

// inRoot does something in the project's root, which kafkajars is for.
func inRoot(do func() error) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	return errors.Join(do(), os.Chdir(here))
}

// kafkaTools makes the commands of Kafka's bin directory that the pages use: jars have
// classes alone.
func kafkaTools(t *testing.T, bin string) {
	t.Helper()
	err := inRoot(func() error { return kafkajars.Scripts(bin) })
	if err != nil {
		t.Fatal(err)
	}
}
