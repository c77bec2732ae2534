package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"copyscope/broker"
)

// settle is what `copyscope serve` makes of a file and flags.
func settle(t *testing.T, text string, args ...string) (broker.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server.properties")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return settleFile(t, path, args...)
}

func settleFile(t *testing.T, path string, args ...string) (broker.Config, error) {
	t.Helper()
	var f brokerFlags
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	f.register(flags)
	if err := flags.Parse(append([]string{"--config", path}, args...)); err != nil {
		t.Fatal(err)
	}
	return f.settings(flags)
}

// pemPair is a certificate and its key in PEM.
func pemPair(t *testing.T) (chain, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sheet := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, sheet, sheet, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return text("CERTIFICATE", der), text("PRIVATE KEY", pkcs8)
}

func TestConfigFileSetsTheBroker(t *testing.T) {
	c, err := settle(t, `
! two kinds of comment \
# the backslash above does not swallow this
listeners = PLAINTEXT://127.0.0.1:19092
advertised.listeners: PLAINTEXT://broker.example:\
  9092
log.dirs /var/lib/copyscope
max.connections=7
max.connections.per.ip=5
max.connections.per.ip.overrides=192.0.2.1:100, ::1:0 ,[2001:DB8::1]:3
quota.window.num=5
socket.request.max.bytes=2000000
queued.max.request.bytes=3000000
connections.max.idle.ms=1500
copyscope.events.per.second=5
num.partitions=3
log.retention.ms=-1
`)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:19092" || c.TLSListen != "" || c.Advertised != "broker.example:9092" || c.Dir != "/var/lib/copyscope" ||
		c.MaxConnections != 7 || c.MaxConnectionsPerIP != 5 || c.Defaults["quota.window.num"] != "5" || c.MaxFrameBytes != 2000000 || c.MaxInFlightBytes != 3000000 || c.MaxIdle != 1500*time.Millisecond ||
		c.EventsPerSecond != 5 || c.Defaults["num.partitions"] != "3" || c.Defaults["log.retention.ms"] != "-1" {
		t.Errorf("got %+v", c)
	}
	if got := fmt.Sprint(c.MaxConnectionsByIP); got != "map[::1:0 192.0.2.1:100 2001:db8::1:3]" {
		t.Errorf("the limits of addresses are %s", got)
	}
	c, err = settle(t, "listeners=PLAINTEXT://127.0.0.1:19092\nlog.dirs=/a\nmax.connections=7\n",
		"--kafka-listen", "127.0.0.1:1", "--data", "/b", "--kafka-max-connections", "8")
	if err != nil || c.Listen != "127.0.0.1:1" || c.Dir != "/b" || c.MaxConnections != 8 {
		t.Errorf("flags go before the file: got %+v, %v", c, err)
	}
	if c, err = settle(t, "num.partitions=2\n"); err != nil || c.Listen != "127.0.0.1:9092" {
		t.Errorf("without listeners: %q, %v", c.Listen, err)
	}
}

// Sizes are written on the command line as everywhere there; in the file they are
// Kafka's plain numbers.
func TestSizesOfFlagsHaveUnits(t *testing.T) {
	for _, c := range []struct {
		request, queued string
		want            [2]int
	}{
		{"64MiB", "1GiB", [2]int{64 << 20, 1 << 30}},
		{"1000000", "2000000", [2]int{1e6, 2e6}},
		{"1.5MB", "1TiB", [2]int{15e5, 1 << 40}},
		{"2147483647", "2GiB", [2]int{1<<31 - 1, 1 << 31}},
		{"1B", "1B", [2]int{1, 1}},
	} {
		got, err := settle(t, "socket.request.max.bytes=7\n", "--kafka-max-request-bytes", c.request, "--kafka-max-in-flight-bytes", c.queued)
		if err != nil || got.MaxFrameBytes != c.want[0] || got.MaxInFlightBytes != c.want[1] {
			t.Errorf("%s and %s: %d and %d, %v", c.request, c.queued, got.MaxFrameBytes, got.MaxInFlightBytes, err)
		}
	}
	const request, queued = "--kafka-max-request-bytes", "--kafka-max-in-flight-bytes"
	for _, c := range []struct{ flag, value, says string }{
		{request, "1TB", `--kafka-max-request-bytes "1TB": use 1B to 2147483647B`},
		{request, "2GiB", `--kafka-max-request-bytes "2GiB": use 1B to 2147483647B`},
		{request, "99999999999999999999", `use 1B to 2147483647B`},
		{request, "0", `--kafka-max-request-bytes "0": use 1B to 2147483647B`},
		{request, "-5", `--kafka-max-request-bytes "-5": write a size above 0 such as 4096, 64KiB, 1GiB or 1GB`},
		{request, "", `--kafka-max-request-bytes "": write a size above 0`},
		{request, "big", `--kafka-max-request-bytes "big": write a size above 0`},
		{queued, "9EiB", `--kafka-max-in-flight-bytes "9EiB": use 1B to 1TiB`},
		{queued, "1MiB", `--kafka-max-in-flight-bytes "1MiB": it is less than one request of at most 100MiB; give as much, or allow smaller requests by --kafka-max-request-bytes`},
	} {
		_, err := settle(t, "", c.flag, c.value)
		if usage := (*usageError)(nil); !errors.As(err, &usage) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: says %v, want a usage error with %q", c.flag, c.value, err, c.says)
		}
	}
	if _, err := settle(t, "socket.request.max.bytes=64MiB\n"); err == nil || !strings.Contains(err.Error(), "write a whole number from 1 to 2147483647") {
		t.Errorf("a unit in the file: %v", err)
	}
}

// A file without listeners leaves them as they are without a file.
func TestTLSFlagBesideAFileWithoutListeners(t *testing.T) {
	chain, key := pemPair(t)
	both := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(both, []byte(chain+key), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := settle(t, "num.partitions=2\n", "--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", both, "--kafka-tls-key", both)
	if err != nil || c.Listen != "127.0.0.1:9092" || c.TLSListen != "127.0.0.1:0" {
		t.Errorf("plaintext %q, TLS %q, %v", c.Listen, c.TLSListen, err)
	}
}

// Errors go to logs, and secrets do not.
func TestConfigFileErrorsHideSecrets(t *testing.T) {
	for _, text := range []string{
		"ssl.key.password=hunter2\n", "ssl.keystore.password=hunter2\n", "ssl.keystore.key.x=hunter2\n", "sasl.jaas.config=hunter2\n",
		"a.password=1\nssl.keystore.key = \\\n  hunter2\\uXYZ\n",
		"ssl.keystore.key hunter2\\uXYZ\n",
	} {
		if _, err := settle(t, text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestConfigFileTakesPEMInEachForm(t *testing.T) {
	chain, key := pemPair(t)
	both := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(both, []byte(key+chain), 0o600); err != nil {
		t.Fatal(err)
	}
	folded := func(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\\\n  ") }
	escaped := func(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }
	for name, text := range map[string]string{
		"file":    "ssl.keystore.type=PEM\nssl.keystore.location=" + both,
		"folded":  "ssl.keystore.type=PEM\nssl.keystore.certificate.chain=" + folded(chain) + "\nssl.keystore.key=" + folded(key),
		"escaped": "ssl.keystore.certificate.chain=" + escaped(chain) + "\nssl.keystore.key=" + escaped(key),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := settle(t, "listeners=SSL://:9093\n"+text)
			if err != nil {
				t.Fatal(err)
			}
			if c.Listen != "" || c.TLSListen != ":9093" || c.Certificate == nil || c.Certificate.PrivateKey == nil {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestConfigFileErrorsNameTheLineAndTheRemedy(t *testing.T) {
	for _, c := range []struct {
		name, text string
		says       []string
	}{
		{"unknown", "# first\nnum.partition=3\n", []string{"server.properties:2", "num.partition=\"3\"", `did you mean "num.partitions"?`}},
		{"nothing near", "x=1\n", []string{"server.properties:1", "no such setting", "docs/broker.md"}},
		{"after a continued line", "log.dirs=/a\\\n/b\nmax.conections=3\n", []string{"server.properties:3", `"max.connections"`}},
		{"twice", "num.partitions=1\n\nnum.partitions=2\n", []string{"server.properties:3", "num.partitions", "line 1", "remove one"}},
		{"a topic's default", "num.partitions=many\n", []string{"server.properties:1", "num.partitions=\"many\"", "not a number"}},
		{"settings that are not together", "group.consumer.heartbeat.interval.ms=300\n", []string{"server.properties", "group.consumer.heartbeat.interval.ms=300", "group.consumer.min.heartbeat.interval.ms"}},
		{"a limit", "max.connections=0\n", []string{"server.properties:1", "max.connections=\"0\"", "from 1"}},
		{"no address", "max.connections.per.ip.overrides=::1:4,localhost:3\n", []string{"server.properties:1", `"localhost:3"`, "192.0.2.1:100"}},
		{"an address without its limit", "max.connections.per.ip.overrides=127.0.0.1\n", []string{`"127.0.0.1"`, "192.0.2.1:100"}},
		{"windows of a quota", "quota.window.num=0\n", []string{"server.properties:1", "quota.window.num=\"0\""}},
		{"a huge limit", "socket.request.max.bytes=99999999999\n", []string{"2147483647"}},
		{"no listener", "listeners=127.0.0.1:9092\n", []string{"server.properties:1", "PLAINTEXT://host:port"}},
		{"protocol", "listeners=CONTROLLER://127.0.0.1:9092\n", []string{"CONTROLLER", "SASL_PLAINTEXT and SASL_SSL"}},
		{"two of a kind", "listeners=PLAINTEXT://:1,PLAINTEXT://:2\n", []string{"two listeners"}},
		{"two of a kind, one by SASL", "listeners=SSL://:1,SASL_SSL://:2\n", []string{"two listeners"}},
		{"port", "listeners=PLAINTEXT://:99999\n", []string{"99999", "65535"}},
		{"directories", "log.dirs=/a,/b\n", []string{"log.dirs=\"/a,/b\"", "one directory"}},
		{"directory twice", "log.dir=/a\nlog.dirs=/b\n", []string{"server.properties:2", "remove one"}},
		{"JKS", "ssl.keystore.type=JKS\n", []string{"server.properties:1", "JKS", "PEM"}},
		{"JKS by default", "listeners=SSL://:1\nssl.keystore.location=/x.jks\n", []string{"server.properties:2", "ssl.keystore.type=PEM"}},
		{"no such keystore", "listeners=SSL://:1\nssl.keystore.type=PEM\nssl.keystore.location=/nowhere.pem\n", []string{"server.properties:3", "/nowhere.pem"}},
		{"half a keystore", "ssl.keystore.key=abc\n", []string{"ssl.keystore.certificate.chain", "both"}},
		{"no PEM", "ssl.keystore.key=abc\nssl.keystore.certificate.chain=def\n", []string{"server.properties:2", "PEM"}},
		{"password", "ssl.key.password=secret\n", []string{"ssl.key.password", "decrypt"}},
		{"no certificate", "listeners=SSL://:9093\n", []string{":9093", "ssl.keystore.location", "--kafka-tls-cert"}},
		{"escape", "log.dirs=\\uZZZZ\n", []string{"server.properties:1", "name=value"}},
		{"node", "node.id=2\n", []string{"node.id=\"2\"", "1"}},
		{"rate", "copyscope.events.per.second=-1\n", []string{"server.properties:1", "from 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := settle(t, c.text)
			if err == nil {
				t.Fatal("it was taken")
			}
			if usage := (*usageError)(nil); !errors.As(err, &usage) {
				t.Errorf("%v is no usage error, whose exit code is 2", err)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("says %q, want it to name %q", err, part)
				}
			}
		})
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if _, err := settleFile(t, path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--config") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestTLSFlagsBelongTogether(t *testing.T) {
	chain, key := pemPair(t)
	dir := t.TempDir()
	cert, private := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(cert, []byte(chain), 0o600), os.WriteFile(private, []byte(key), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		flags []string
		says  string
	}{
		{"no certificate", []string{"--kafka-tls-listen", "127.0.0.1:0"}, "--kafka-tls-cert"},
		{"no key", []string{"--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", cert}, "give both"},
		{"no listener", []string{"--kafka-tls-cert", cert, "--kafka-tls-key", private}, "--kafka-tls-listen"},
		{"advertised alone", []string{"--kafka-tls-advertised", "a:1"}, "no TLS listener"},
		{"no file", []string{"--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", cert, "--kafka-tls-key", dir + "/none"}, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := settle(t, "", c.flags...); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want it to name %q", err, c.says)
			}
		})
	}
	if got, err := settle(t, "", "--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", cert, "--kafka-tls-key", private); err != nil || got.Certificate == nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The documented example can be used as it is, and names every setting that
// there is, each once in force or commented out.
func TestExampleFileIsWholeAndTrue(t *testing.T) {
	const path = "../../docs/server.properties"
	c, err := settleFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:9092" || c.MaxConnections != broker.DefaultMaxConnections || c.Dir != "./records" {
		t.Errorf("got %+v", c)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, m := range regexp.MustCompile(`(?m)^#?([a-z0-9._]+)=`).FindAllStringSubmatch(string(text), -1) {
		named = append(named, m[1])
	}
	known := settingNames()
	for _, name := range named {
		if !slices.Contains(known, name) {
			t.Errorf("the example names %s, which is no setting", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(named, name) && name != "broker.id" && name != "log.dir" && name != "ssl.key.password" {
			t.Errorf("the example lacks %s", name)
		}
	}
	for _, p := range broker.Properties() {
		if m := regexp.MustCompile(`(?m)^#?` + regexp.QuoteMeta(p.Name) + `=(.*)$`).FindStringSubmatch(string(text)); m != nil && p.Value != "" && m[1] != p.Value {
			t.Errorf("the example says that %s is %s by default, it is %s", p.Name, m[1], p.Value)
		}
	}
}

func TestServeTellsTheTLSListener(t *testing.T) {
	chain, key := pemPair(t)
	both := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(both, []byte(chain+key), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", both, "--kafka-tls-key", both)
	conn, err := tls.Dial("tcp", s.ready["kafka_tls"], &tls.Config{InsecureSkipVerify: true}) // only whether TLS answers there
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if code := s.end(t); code != exitDone {
		t.Errorf("exit code %d; it said %s", code, s.stderr)
	}
	want := "web " + s.ready["web"] + "\nkafka " + s.ready["kafka"] + "\nkafka-tls " + s.ready["kafka_tls"] + "\n"
	if got := s.stdout.String(); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// Go raises the soft limit of descriptors when a program begins.
func TestDescriptorLimitIsWarnedOf(t *testing.T) {
	have, ok := descriptorLimit()
	if !ok {
		t.Skip("SKIPPED: this system does not bound descriptors")
	}
	for connections, want := range map[int]bool{int(have): true, 1: have < filesKept} {
		var said strings.Builder
		warnOfDescriptors(slog.New(slog.NewTextHandler(&said, nil)), connections)
		if got := strings.Contains(said.String(), "too few file descriptors"); got != want {
			t.Errorf("%d connections with %d descriptors: warned %t, want %t", connections, have, got, want)
		}
	}
}
