package natsraw_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"copyscope/docs/bench/peers/natsraw"
	"copyscope/internal/load"
)

// standIn is a server that answers the JetStream API with answer, and each message
// to a stream with ack, with a header before it if there is one.
func standIn(t *testing.T, ack string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn, ack)
		}
	}()
	return l.Addr().String()
}

func serve(conn net.Conn, ack string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	fmt.Fprint(conn, "INFO {\"server_id\":\"x\"}\r\n")
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		fields := strings.Fields(line)
		switch fields[0] {
		case "PING":
			fmt.Fprint(conn, "PONG\r\n")
		case "PUB":
			size, _ := strconv.Atoi(fields[len(fields)-1])
			in.Discard(size + 2)
			if len(fields) < 4 {
				continue // nobody wants an answer
			}
			text := ack
			if strings.HasPrefix(fields[1], "$JS.API.") {
				text = `{"type":"ok"}`
			}
			if n%2 == 0 { // with a header, as the server may
				fmt.Fprintf(conn, "HMSG %s 1 12 %d\r\nNATS/1.0\r\n\r\n%s\r\nPING\r\n", fields[2], 12+len(text), text)
			} else {
				fmt.Fprintf(conn, "MSG %s 1 %d\r\n%s\r\n", fields[2], len(text), text)
			}
		}
	}
}

// publish publishes a megabyte; what was counted is what was acknowledged.
func publish(t *testing.T, ack string, acks bool) (load.Figures, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	streams, err := natsraw.CreateStreams(ctx, standIn(t, ack), "s", 3, acks)
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Remove()
	return load.MeasureOnce(&load.Target{}, func(tally *load.Tally) error {
		return streams.Publish(ctx, 1000, 10_000, 2, acks, 1_000_000, time.Now().Add(time.Minute), tally)
	})
}

func TestPublishCountsWhatIsAcknowledged(t *testing.T) {
	for _, acks := range []bool{true, false} {
		f, err := publish(t, `{"stream":"s-0","seq":1}`, acks)
		if err != nil {
			t.Fatalf("acks %v: %v", acks, err)
		}
		if bytes, records := *f["bytes"].Value, *f["records"].Value; bytes != 1_000_000 || records != 1000 {
			t.Errorf("acks %v: %v bytes in %v messages, want a million in a thousand", acks, bytes, records)
		}
	}
}

func TestPublishTellsARefusal(t *testing.T) {
	_, err := publish(t, `{"error":{"code":503,"description":"insufficient resources"},"stream":"s-0"}`, true)
	if err == nil || !strings.Contains(err.Error(), "insufficient resources") {
		t.Errorf("a refused message: %v", err)
	}
}
