package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tool is something that rows need and a machine may lack.
type tool string

const (
	kcat   tool = "kcat"
	java   tool = "java, javac and mvn (a JDK of 17 or later and Maven)"
	python tool = "python3 with venv"
)

// built is where clients are collected; git ignores it and make clean removes it.
const built = "bin/clients"

// kit is the clients of this machine, ready to be run.
type kit struct {
	lacks map[tool]bool
	// versions by client, for the table.
	versions map[string]string
	python   string // the interpreter of the environment that has the client
}

// missing names the needs that this machine lacks, "" if none.
func (k *kit) missing(needs []tool) string {
	var names []string
	for _, n := range needs {
		if k.lacks[n] {
			names = append(names, string(n))
		}
	}
	return strings.Join(names, "; ")
}

// prepare looks for the clients' runtimes, and collects jars and the Python
// environment where they are not there yet.
func prepare(ctx context.Context) (*kit, error) {
	k := &kit{lacks: map[tool]bool{}, versions: map[string]string{}}
	for _, p := range []struct {
		tool     tool
		programs []string
		prepare  func(context.Context, *kit) error
	}{
		{kcat, []string{"kcat"}, kcatVersion},
		{java, []string{"java", "javac", "mvn"}, collectJars},
		{python, []string{"python3"}, makeVenv},
	} {
		if slices.ContainsFunc(p.programs, func(name string) bool { _, err := exec.LookPath(name); return err != nil }) {
			k.lacks[p.tool] = true
			continue
		}
		if err := p.prepare(ctx, k); err != nil {
			return nil, err
		}
	}
	return k, franzVersions(ctx, k)
}

func kcatVersion(ctx context.Context, k *kit) error {
	out, err := command(ctx, "", "kcat", "-V")
	if err != nil {
		return err
	}
	found := regexp.MustCompile(`Version (\S+) .*librdkafka (\S+)`).FindStringSubmatch(strings.ReplaceAll(out, "\n", " "))
	if found == nil {
		return fmt.Errorf("kcat -V does not say which librdkafka it has: %s", out)
	}
	k.versions["kcat"] = fmt.Sprintf("%s, librdkafka %s", found[1], found[2])
	return nil
}

func franzVersions(ctx context.Context, k *kit) error {
	out, err := command(ctx, "", "go", "list", "-m", "-f", "{{.Version}}", "github.com/twmb/franz-go", "github.com/twmb/franz-go/pkg/kadm")
	if err != nil {
		return err
	}
	v := strings.Fields(out)
	k.versions["franz-go"] = fmt.Sprintf("kgo %s, kadm %s", v[0], v[1])
	return nil
}

// jvms are the modules of clients/java: one for each major version.
var jvms = []string{"v3", "v4"}

func lib(module string) string { return filepath.Join(built, "java", module, "lib") }

// collectJars compiles the Java rows and collects jars. Maven itself sees what
// is up to date; it takes seconds, so it always runs.
func collectJars(ctx context.Context, k *kit) error {
	if _, err := command(ctx, "", "mvn", "-B", "-ntp", "-q", "-f", "clients/java/pom.xml", "prepare-package"); err != nil {
		return err
	}
	for _, m := range jvms {
		found, err := filepath.Glob(filepath.Join(lib(m), "kafka-clients-*.jar"))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%s holds %d kafka-clients, there must be one; run make clean", lib(m), len(found))
		}
		k.versions[m] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "kafka-clients-"), ".jar")
	}
	return nil
}

// makeVenv makes the Python environment, anew if its requirements changed.
func makeVenv(ctx context.Context, k *kit) error {
	want, err := os.ReadFile("clients/python/requirements.txt")
	if err != nil {
		return err
	}
	venv := filepath.Join(built, "venv")
	stamp := filepath.Join(venv, "requirements.txt")
	k.python = filepath.Join(venv, "bin", "python")
	if have, err := os.ReadFile(stamp); err != nil || string(have) != string(want) {
		if err := os.RemoveAll(venv); err != nil {
			return err
		}
		if _, err := command(ctx, "", "python3", "-m", "venv", venv); err != nil {
			k.lacks[python] = true // Debian has venv in a package of its own
			return nil
		}
		if _, err := command(ctx, "", k.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", "clients/python/requirements.txt"); err != nil {
			return err
		}
		if err := os.WriteFile(stamp, want, 0o644); err != nil {
			return err
		}
	}
	out, err := command(ctx, "", k.python, "-c", "import confluent_kafka as c; print(c.version(), 'librdkafka', c.libversion()[0])")
	if err != nil {
		return err
	}
	v := strings.Fields(out)
	k.versions["confluent-kafka-python"] = fmt.Sprintf("%s, librdkafka %s", v[0], v[2])
	return nil
}

// jvm is the command line of a Java program with the jars of a module.
func jvm(module, heap string, args ...string) []string {
	classes := filepath.Join(built, "java", module, "classes")
	return append([]string{
		// The first tier is enough for seconds, and two programs share two CPUs.
		"-Xmx" + heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
		"-cp", "clients/java/logging" + string(os.PathListSeparator) + classes + string(os.PathListSeparator) + filepath.Join(lib(module), "*"),
	}, args...)
}
