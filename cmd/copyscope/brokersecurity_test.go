package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"copyscope/broker"
)

// Files and flags say how clients say who they are, under Kafka's names.
func TestSecuritySettings(t *testing.T) {
	chain, key := pemPair(t)
	dir := t.TempDir()
	both, ca := filepath.Join(dir, "both.pem"), filepath.Join(dir, "ca.pem")
	if err := errors.Join(os.WriteFile(both, []byte(chain+key), 0o600), os.WriteFile(ca, []byte(chain), 0o600)); err != nil {
		t.Fatal(err)
	}
	keystore := "ssl.keystore.type=PEM\nssl.keystore.location=" + both + "\n"
	truststore := "ssl.truststore.type=PEM\nssl.truststore.location=" + ca + "\n"
	inline := "ssl.truststore.certificates=" + strings.ReplaceAll(chain, "\n", `\n`) + "\n"
	sealed := []string{"--kafka-tls-listen", ":2", "--kafka-tls-cert", both, "--kafka-tls-key", both}
	scram := []string{"SCRAM-SHA-512", "SCRAM-SHA-256"}
	required := broker.Security{ClientAuth: broker.ClientAuthRequired}
	for _, c := range []struct {
		name, text string
		flags      []string
		want       broker.Security // but for the authorities
		certified  bool
	}{
		{"none", "", nil, broker.Security{}, false},
		{"by default", "listeners=SASL_PLAINTEXT://:1\n", nil, broker.Security{SASL: scram}, false},
		{"named", "listeners=SASL_PLAINTEXT://:1\nsasl.enabled.mechanisms=plain, SCRAM-SHA-256\n", nil, broker.Security{SASL: []string{"PLAIN", "SCRAM-SHA-256"}}, false},
		{"each its own", "listeners=SASL_PLAINTEXT://:1,SASL_SSL://:2\nsasl.enabled.mechanisms=SCRAM-SHA-512\nlistener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN\n" + keystore, nil, broker.Security{SASL: scram[:1], TLSSASL: []string{"PLAIN"}}, false},
		{"one of both", "listeners=PLAINTEXT://:1,SASL_SSL://:2\nconnections.max.reauth.ms=60000\n" + keystore, nil, broker.Security{TLSSASL: scram, MaxReauth: time.Minute}, false},
		{"certificates", "listeners=SSL://:2\nssl.client.auth=required\n" + keystore + truststore, nil, required, true},
		{"inline", "listeners=SSL://:2\nlistener.name.ssl.ssl.client.auth=required\n" + keystore + inline, nil, required, true},
		{"certificates and SASL", "listeners=SASL_SSL://:2\nlistener.name.sasl_ssl.ssl.client.auth=requested\n" + keystore + truststore, nil, broker.Security{TLSSASL: scram, ClientAuth: broker.ClientAuthRequested}, true},
		{"flags", "", append(sealed, "--kafka-sasl", "PLAIN", "--kafka-tls-sasl", "SCRAM-SHA-256,PLAIN"), broker.Security{SASL: []string{"PLAIN"}, TLSSASL: []string{"SCRAM-SHA-256", "PLAIN"}}, false},
		{"flags of certificates", "", append(sealed, "--kafka-tls-client-ca", ca), required, true},
		{"flag over file", "listeners=SSL://:2\nssl.client.auth=required\n" + keystore + truststore, []string{"--kafka-tls-client-auth", "requested"}, broker.Security{ClientAuth: broker.ClientAuthRequested}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := settle(t, c.text, c.flags...)
			if err != nil {
				t.Fatal(err)
			}
			if certified := got.ClientCAs != nil; certified != c.certified {
				t.Errorf("authorities: %v, want %v", certified, c.certified)
			}
			got.ClientCAs = nil
			if got.ClientAuth == broker.ClientAuthNone {
				got.ClientAuth = ""
			}
			if !reflect.DeepEqual(got.Security, c.want) {
				t.Errorf("got %+v, want %+v", got.Security, c.want)
			}
		})
	}
	for _, c := range []struct {
		name, text string
		flags      []string
		says       []string
	}{
		{"mechanism", "listeners=SASL_PLAINTEXT://:1\nsasl.enabled.mechanisms=GSSAPI\n", nil, []string{"server.properties:2", "GSSAPI", "SCRAM-SHA-512, SCRAM-SHA-256, PLAIN"}},
		{"no mechanism", "listeners=SASL_PLAINTEXT://:1\nsasl.enabled.mechanisms=\n", nil, []string{"server.properties:2", "name mechanisms"}},
		{"no SASL listener", "sasl.enabled.mechanisms=PLAIN\n", nil, []string{"server.properties:1", "SASL_PLAINTEXT://host:port"}},
		{"no such listener", "listeners=SASL_PLAINTEXT://:1\nlistener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN\n", nil, []string{"server.properties:2", "no listener of protocol SASL_SSL"}},
		{"no listener of certificates", "listeners=SASL_SSL://:1\nlistener.name.ssl.ssl.client.auth=required\n" + keystore, nil, []string{"server.properties:2", "no listener of protocol SSL"}},
		{"for SASL too", "listeners=SASL_SSL://:1\nssl.client.auth=required\n" + keystore + truststore, nil, []string{"server.properties:2", "listener.name.sasl_ssl.ssl.client.auth"}},
		{"client auth", "ssl.client.auth=want\n", nil, []string{"server.properties:1", "none, requested or required"}},
		{"nobody signs", "listeners=SSL://:1\nssl.client.auth=required\n" + keystore, nil, []string{"ssl.client.auth=required", "PEM file"}},
		{"signs for nothing", "listeners=SSL://:1\n" + keystore + truststore, nil, []string{"not asked"}},
		{"JKS by default", "listeners=SSL://:1\nssl.truststore.location=/x.jks\n" + keystore, nil, []string{"server.properties:2", "ssl.truststore.type=PEM"}},
		{"no truststore", "listeners=SSL://:1\nssl.truststore.type=PEM\nssl.truststore.location=/nowhere.pem\n" + keystore, nil, []string{"server.properties:3", "/nowhere.pem"}},
		{"truststore twice", truststore + inline, nil, []string{"give one of them"}},
		{"advertised otherwise", "listeners=SASL_SSL://:1\nadvertised.listeners=SSL://a:1\n" + keystore, nil, []string{"server.properties:2", "no listener of protocol SSL"}},
		{"lifetime", "connections.max.reauth.ms=-1\n", nil, []string{"server.properties:1", "from 0"}},
		{"flag of SASL", "", []string{"--kafka-sasl", "OAUTHBEARER"}, []string{"--kafka-sasl", "OAUTHBEARER"}},
		{"flag of no listener", "", []string{"--kafka-tls-sasl", "PLAIN"}, []string{"TLS listener"}},
		{"flag of no file", "", append(sealed, "--kafka-tls-client-ca", "/nowhere.pem"), []string{"--kafka-tls-client-ca", "/nowhere.pem"}},
		{"flag of client auth", "", append(sealed, "--kafka-tls-client-ca", ca, "--kafka-tls-client-auth", "want"), []string{"--kafka-tls-client-auth", "none, requested or required"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := settle(t, c.text, c.flags...)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("says %q, want it to name %q", err, part)
				}
			}
		})
	}
}

// Users of a running broker are not changed beside it.
func TestUsersOfARunningBroker(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "--data", dir)
	var stdout, stderr strings.Builder
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"users", "add", "alice", "--data", dir, "--password-file", password}, &stdout, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "kafka-configs.sh") {
		t.Errorf("exit code %d, said %s", code, &stderr)
	}
	if code := run(t.Context(), []string{"users", "list", "--data", dir}, &stdout, &stderr); code != exitDone {
		t.Errorf("list: exit code %d, said %s", code, &stderr)
	}
	s.end(t)
}
