package natsraw

import (
	"context"
	"encoding/json"
	"fmt"

	"copyscope/internal/load"
)

// Streams are what partitions are for a log: each is a stream of one subject.
type Streams struct {
	Address string
	Names   []string
	control *Conn
}

// CreateStreams makes streams in files. Without acks the server answers no
// message.
func CreateStreams(ctx context.Context, address, prefix string, n int, acks bool) (*Streams, error) {
	s := &Streams{Address: address}
	var err error
	if s.control, err = Connect(ctx, address, &load.Tally{}); err != nil {
		return nil, err
	}
	for i := range n {
		name := fmt.Sprintf("%s-%d", prefix, i)
		if err := s.control.Request("$JS.API.STREAM.CREATE."+name, map[string]any{
			"name": name, "subjects": []string{name}, "storage": "file", "retention": "limits", "discard": "old",
			"num_replicas": 1, "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "no_ack": !acks,
		}, nil); err != nil {
			s.control.Close()
			return nil, err
		}
		s.Names = append(s.Names, name)
	}
	return s, nil
}

// Messages is how many messages each stream holds.
func (s *Streams) Messages() (counts []int64, err error) {
	for _, name := range s.Names {
		var info struct {
			State struct{ Messages int64 }
		}
		if err := s.control.Request("$JS.API.STREAM.INFO."+name, struct{}{}, &info); err != nil {
			return nil, err
		}
		counts = append(counts, info.State.Messages)
	}
	return counts, nil
}

// Remove deletes the streams and closes the connection.
func (s *Streams) Remove() error {
	defer s.control.Close()
	for _, name := range s.Names {
		if err := s.control.Request("$JS.API.STREAM.DELETE."+name, struct{}{}, nil); err != nil {
			return err
		}
	}
	return nil
}

// consumer makes a pull consumer of a stream that acknowledges nothing, from the
// stream's first message or from the next one.
func consumer(control *Conn, stream string, fresh bool) (name string, err error) {
	policy := "all"
	if fresh {
		policy = "new"
	}
	var made struct{ Name string }
	err = control.Request("$JS.API.CONSUMER.CREATE."+stream, map[string]any{
		"stream_name": stream,
		"config":      map[string]any{"deliver_policy": policy, "ack_policy": "none", "replay_policy": "instant", "mem_storage": true, "num_replicas": 1},
	}, &made)
	return made.Name, err
}

func dropConsumer(control *Conn, stream, name string) error {
	return control.Request("$JS.API.CONSUMER.DELETE."+stream+"."+name, struct{}{}, nil)
}

// pull asks for messages, which come to the inbox.
func (c *Conn) pull(stream, consumer, inbox string, messages int) error {
	body, err := json.Marshal(map[string]any{"batch": messages, "expires": int64(60e9)})
	if err != nil {
		return err
	}
	return c.Send(fmt.Appendf(nil, "PUB $JS.API.CONSUMER.MSG.NEXT.%s.%s %s %d\r\n%s\r\n", stream, consumer, inbox, len(body), body))
}
