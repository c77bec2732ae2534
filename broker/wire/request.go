package wire

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() {
	register(kmsg.ApiVersions, decodeApiVersions)
}

// DecodeRequest decodes what follows a request's header, but not Produce, for
// which there is [DecodeProduce].
//
// The structures are kmsg's, the decoding is not: kmsg's reader counts a
// claimed number of tagged fields down, up to 2^32 at the end of each
// structure, though the bytes have run out long before. Here a count that
// cannot be true ends the decoding: each step takes at least one byte.
func DecodeRequest(h RequestHeader, body []byte) (kmsg.Request, error) {
	decode, ok := decoders[kmsg.Key(h.Key)]
	if !ok {
		return nil, fmt.Errorf("%w: API key %d cannot be decoded", ErrFrame, h.Key)
	}
	req := kmsg.RequestForKey(h.Key)
	req.SetVersion(h.Version)
	if req.IsFlexible() {
		var err error
		if body, err = CutTags(body); err != nil {
			return nil, err
		}
	}
	r := &reader{rest: body, flexible: req.IsFlexible(), elements: maxElements}
	decode(r, req)
	r.structEnd()
	if err := r.failed(kmsg.NameForKey(h.Key), h.Version, maxElements); err != nil {
		return nil, err
	}
	return req, nil
}

// maxElements bounds the elements of all arrays of a request together, but
// Produce. An honest one names each topic and partition, or group, once; a frame
// of 1 MiB could hold a million names of one byte, which take hundreds of
// megabytes when they are answered.
const maxElements = 1 << 16

// decoders are by API key; each takes the fields of the versions served, up to
// the tagged fields at the end. The file that decodes a request registers it.
var decoders = map[kmsg.Key]func(*reader, kmsg.Request){}

func register[Req kmsg.Request](key kmsg.Key, decode func(*reader, Req)) {
	if _, ok := decoders[key]; ok {
		panic("the decoder of " + key.Name() + " is registered twice")
	}
	decoders[key] = func(r *reader, req kmsg.Request) { decode(r, req.(Req)) }
}

// list reads an array whose elements have at least minBytes each; it is nil
// for null.
func list[T any](r *reader, minBytes int, element func() T) []T {
	n := r.array(minBytes)
	if n < 0 {
		return nil
	}
	out := make([]T, 0, n)
	for range n {
		if out = append(out, element()); r.bad {
			return nil
		}
	}
	return out
}

func decodeApiVersions(r *reader, req *kmsg.ApiVersionsRequest) {
	if req.Version >= 3 {
		req.ClientSoftwareName = r.str()
		req.ClientSoftwareVersion = r.str()
	}
}
