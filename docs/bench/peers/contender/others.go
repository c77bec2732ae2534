//go:build linux

package contender

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
)

// kafkaSetting is one way to run Apache Kafka.
type kafkaSetting struct {
	flags []string
	lines string
}

// kafkaDefaults are those of bin/kafka-server-start.sh, bin/kafka-run-class.sh and
// config/server.properties, but that a deleted topic's files go after a second.
var kafkaDefaults = kafkaSetting{
	flags: []string{"-Xmx1G", "-Xms1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true"},
	lines: "num.network.threads=3\nnum.io.threads=8\nsocket.send.buffer.bytes=102400\nsocket.receive.buffer.bytes=102400\nlog.segment.delete.delay.ms=1000\n",
}

// kafkaTuned has what operators of one fast connection change: buffers of 100 KiB
// hold a sender up that could fill megabytes.
var kafkaTuned = kafkaSetting{
	flags: []string{"-Xmx2G", "-Xms2G", "-server", "-XX:+UseParallelGC", "-XX:+AlwaysPreTouch", "-Djava.awt.headless=true"},
	lines: fmt.Sprintf("num.network.threads=%[1]d\nnum.io.threads=%[1]d\nsocket.send.buffer.bytes=-1\nsocket.receive.buffer.bytes=-1\nlog.segment.delete.delay.ms=1000\n", runtime.NumCPU()),
}

func kafka(k kafkaSetting) func(context.Context, *Env, *Server) (*process.Process, error) {
	return func(ctx context.Context, e *Env, s *Server) (p *process.Process, err error) {
		var controller, inner string
		for _, at := range []*string{&s.Address, &controller, &inner} {
			if *at, err = process.FreeAddress(); err != nil {
				return nil, err
			}
		}
		lines, listeners := k.lines, "PLAINTEXT://"+s.Address
		if e.Secure { // the broker itself does not trust the certificate, and comes by another listener
			lines += "ssl.keystore.type=PEM\nssl.keystore.location=" + e.Trust.Both + "\n"
			listeners = "PLAINTEXT://" + inner + ",SSL://" + s.Address
		}
		lines += fmt.Sprintf("listeners=%[1]s,CONTROLLER://%[2]s\nadvertised.listeners=%[1]s\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT\n", listeners, controller)
		broker := kafkajars.Broker{Dir: s.Dir, Controller: controller, Lines: lines, Flags: k.flags}
		s.Data = broker.Logs()
		if p, err = broker.Start(ctx); err != nil {
			return nil, err
		}
		return p, answers(ctx, p, s)
	}
}

// answers waits until a Kafka broker is in its own cluster: before, it refuses
// connections or names no broker.
func answers(ctx context.Context, p *process.Process, s *Server) error {
	options := []kgo.Opt{kgo.SeedBrokers(s.Address), kgo.RequestRetries(0)}
	if s.Secure != nil {
		options = append(options, kgo.DialTLSConfig(s.Secure))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	return p.Until(ctx, "answered", func() bool {
		brokers, err := kadm.NewClient(client).ListBrokers(ctx)
		return err == nil && len(brokers) == 1
	})
}

func startKfake(ctx context.Context, e *Env, s *Server) (*process.Process, error) {
	args := []string{"-port", "0"}
	if e.Secure {
		args = append(args, "-cert", e.Trust.Certificate, "-key", e.Trust.Key)
	}
	p, err := process.Launch(s.log(), filepath.Join(e.Bin, "kfake"), args...)
	if err != nil {
		return nil, err
	}
	return p, p.Until(ctx, "said where it serves", func() bool {
		said, ok := strings.CutPrefix(p.Said(), "serving ")
		at, _, whole := strings.Cut(said, "\n")
		s.Address = at
		return ok && whole
	})
}

func startNATS(ctx context.Context, e *Env, s *Server) (*process.Process, error) {
	var err error
	if s.Address, err = process.FreeAddress(); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	p, err := process.Launch(s.log(), filepath.Join(e.Bin, "nats-server"), "-js", "-a", host, "-p", port, "-sd", s.Data)
	if err != nil {
		return nil, err
	}
	return p, p.Accepts(ctx, s.Address)
}

// nginxConfig is a master and one worker; all that nginx writes stays in its
// directory. What is not set has nginx's own default.
const nginxConfig = `daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 16000;
pid %[1]s/pid;
error_log stderr;
events { worker_connections 15000; }
http {
  access_log off;
  sendfile %[5]s;
  keepalive_requests 1000000;
  keepalive_timeout 600s;
  default_type application/octet-stream;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  server {
    listen %[2]s%[3]s;
    root %[4]s;
    %[6]s
  }
}
`

func startNginx(sendfile string) func(context.Context, *Env, *Server) (*process.Process, error) {
	return func(ctx context.Context, e *Env, s *Server) (*process.Process, error) {
		var err error
		if s.Address, err = process.FreeAddress(); err != nil {
			return nil, err
		}
		listen, certified := "", ""
		if e.Secure {
			listen, certified = " ssl", fmt.Sprintf("ssl_certificate %s; ssl_certificate_key %s;", e.Trust.Certificate, e.Trust.Key)
		}
		if err := os.Mkdir(s.Data, 0o755); err != nil {
			return nil, err
		}
		config := filepath.Join(s.Dir, "nginx.conf")
		if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, s.Dir, s.Address, listen, s.Data, sendfile, certified), 0o644); err != nil {
			return nil, err
		}
		p, err := process.Launch(s.log(), "nginx", "-p", s.Dir, "-c", config, "-e", "stderr")
		if err != nil {
			return nil, err
		}
		if err := p.Accepts(ctx, s.Address); err != nil {
			return p, err
		}
		// The master listens before the worker is there.
		return p, p.Until(ctx, "started its worker", func() bool {
			s.PID = workerOf(p.PID())
			return s.PID != 0
		})
	}
}

// workerOf is a process that another started, 0 if there is none yet.
func workerOf(parent int) int {
	all, err := procfs.AllProcs()
	if err != nil {
		return 0
	}
	for _, p := range all {
		if stat, err := p.Stat(); err == nil && stat.PPID == parent {
			return p.PID
		}
	}
	return 0
}

// startIperf starts iperf3's receiving end: its client sends.
func startIperf(ctx context.Context, _ *Env, s *Server) (*process.Process, error) {
	var err error
	if s.Address, err = process.FreeAddress(); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	p, err := process.Launch(s.log(), "iperf3", "-s", "-B", "127.0.0.1", "-p", port, "--forceflush")
	if err != nil {
		return nil, err
	}
	return p, p.Says(ctx, "Server listening")
}
