package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/wire"
)

// api is one request that the broker serves, in the versions min to max.
type api struct {
	min, max int16
	serve    func(*connection, context.Context, request) error
}

// apis are all by API key. Each is registered by the file named by its key.
//
// Minima are those of Kafka 4 (KIP-896) or lower. Produce begins at 0 though
// only 3 and later are stored: librdkafka switches compression off silently if
// it does not (KAFKA-18659).
var apis = map[int16]api{}

// register takes an API in. Two files cannot answer one key.
func register(key kmsg.Key, min, max int16, serve func(*connection, context.Context, request) error) {
	if _, ok := apis[int16(key)]; ok {
		panic("API key " + key.Name() + " is registered twice")
	}
	apis[int16(key)] = api{min, max, serve}
}

// whole serves a request whose answer is made in memory. What takes time for
// each topic, partition or resource ends with the context.
func whole[Req kmsg.Request, Resp kmsg.Response](answer func(context.Context, *connection, Req, Resp) error) func(*connection, context.Context, request) error {
	return func(c *connection, ctx context.Context, r request) error {
		req, err := decode[Req](r)
		if err != nil {
			return err
		}
		resp := req.ResponseKind().(Resp)
		if err := answer(ctx, c, req, resp); err != nil {
			return err
		}
		return c.respond(r, resp)
	}
}

// decode reads the request.
func decode[Req kmsg.Request](r request) (req Req, err error) {
	any, err := wire.DecodeRequest(r.RequestHeader, r.body)
	if err != nil {
		return req, err
	}
	return any.(Req), nil
}

// message is what follows the header.
func (r request) message(flexible bool) ([]byte, error) {
	if flexible {
		return wire.CutTags(r.body)
	}
	return r.body, nil
}
