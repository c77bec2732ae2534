//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fill produces n bytes of values that do not compress.
func fill(ctx context.Context, address string, n int64) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.AllowAutoTopicCreation(), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	value := make([]byte, 16<<10)
	r := mathrand.New(mathrand.NewPCG(1, 2))
	for i := range value {
		value[i] = byte(r.Uint32())
	}
	failed := make(chan error, 1)
	for sent := int64(0); sent < n; sent += int64(len(value)) {
		cl.Produce(ctx, &kgo.Record{Topic: topic, Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// alter sets the topic's fetch path, while the broker runs.
func alter(ctx context.Context, address, path string) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer cl.Close()
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, topic
	r.Configs = []kmsg.IncrementalAlterConfigsRequestResourceConfig{
		{Name: "copyscope.fetch.path", Op: kmsg.IncrementalAlterConfigOpSet, Value: &path}}
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	req.Resources = append(req.Resources, r)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.Resources[0].ErrorCode)
}

// consumer fetches on one connection, and counts.
type consumer struct {
	conn                    net.Conn
	answers, heads, records int64 // heads and records in bytes
}

// dial connects and has one request answered: what belongs to the connection,
// such as its handshake, is over.
func dial(address string, trust *tls.Config) (c *consumer, err error) {
	c = &consumer{}
	if trust == nil {
		c.conn, err = net.Dial("tcp", address)
	} else {
		c.conn, err = tls.Dial("tcp", address, trust)
	}
	if err != nil {
		return nil, err
	}
	if err := c.conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return nil, err
	}
	_, err = c.ask(&kmsg.ApiVersionsRequest{})
	return c, err
}

func (c *consumer) ask(req kmsg.Request) (body []byte, err error) {
	if _, err := c.conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, req, 1)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(c.conn, size[:]); err != nil {
		return nil, err
	}
	body = make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err = io.ReadFull(c.conn, body)
	return body, err
}

// most is what a fetch asks for: several calls of each path.
const most = 4 << 20

// fetch reads the partition from its first offset to its end.
func (c *consumer) fetch() error {
	for next, end := int64(0), int64(1); next < end; {
		req := kmsg.NewPtrFetchRequest()
		req.Version, req.MaxBytes, req.MaxWaitMillis, req.SessionEpoch = 11, most, 1000, -1
		p := kmsg.NewFetchRequestTopicPartition()
		p.FetchOffset, p.PartitionMaxBytes = next, most
		req.Topics = []kmsg.FetchRequestTopic{{Topic: topic, Partitions: []kmsg.FetchRequestTopicPartition{p}}}
		body, err := c.ask(req)
		if err != nil {
			return err
		}
		resp := kmsg.NewPtrFetchResponse()
		resp.Version = req.Version
		if err := resp.ReadFrom(body[4:]); err != nil {
			return err
		}
		got := resp.Topics[0].Partitions[0]
		if err := kerr.ErrorForCode(got.ErrorCode); err != nil {
			return fmt.Errorf("offset %d: %w", next, err)
		}
		c.answers++
		c.records += int64(len(got.RecordBatches))
		c.heads += int64(4 + len(body) - len(got.RecordBatches))
		end = got.HighWatermark
		from := next
		// A batch: its base offset, the bytes that follow its length, the last
		// offset's distance at byte 23. The last one may be cut short.
		for b := got.RecordBatches; len(b) >= 27; {
			size := 12 + int(binary.BigEndian.Uint32(b[8:]))
			if size > len(b) {
				break
			}
			next = int64(binary.BigEndian.Uint64(b)) + int64(binary.BigEndian.Uint32(b[23:])) + 1
			b = b[size:]
		}
		if next == from {
			return fmt.Errorf("offset %d: no whole batch came in %d bytes", next, len(got.RecordBatches))
		}
	}
	return nil
}
