package wire

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// RequestHeader stands before every request (RequestHeader.json):
//
//	version 1:  key int16, version int16, correlation id int32,
//	            client id: int16 length (-1: null), bytes
//	version 2:  the same and then tagged fields, for flexible requests
type RequestHeader struct {
	Key         int16
	Version     int16
	Correlation int32
	ClientID    string
}

// minHeaderBytes is a header with a null client id.
const minHeaderBytes = 2 + 2 + 4 + 2

// CutHeader reads the fields of the header that do not depend on the request's
// version; see [CutTags] for the rest.
func CutHeader(body []byte) (RequestHeader, []byte, error) {
	if len(body) < minHeaderBytes {
		return RequestHeader{}, nil, fmt.Errorf("%w: %d bytes are less than a request header", ErrFrame, len(body))
	}
	be := binary.BigEndian
	h := RequestHeader{Key: int16(be.Uint16(body)), Version: int16(be.Uint16(body[2:])), Correlation: int32(be.Uint32(body[4:]))}
	r := reader{rest: body[8:]}
	h.ClientID = r.shortString()
	if r.bad {
		return h, nil, fmt.Errorf("%w: the client id is longer than the frame", ErrFrame)
	}
	return h, r.rest, nil
}

// CutTags skips the tagged fields that end the header of a flexible request.
func CutTags(body []byte) ([]byte, error) {
	r := reader{rest: body}
	r.tags()
	if r.bad {
		return nil, fmt.Errorf("%w: the header's tagged fields are longer than the frame", ErrFrame)
	}
	return r.rest, nil
}

// AppendResponse appends a whole response frame. The response header is the
// correlation id, and an empty set of tagged fields if the response is
// flexible; that of ApiVersions never is, so that a client can read it before
// it knows what the broker speaks (KIP-511). It fails if the frame is larger
// than its size field can say.
func AppendResponse(dst []byte, correlation int32, resp kmsg.Response) ([]byte, error) {
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(append(dst, 0, 0, 0, 0), uint32(correlation))
	if resp.IsFlexible() && resp.Key() != int16(kmsg.ApiVersions) {
		dst = append(dst, 0)
	}
	dst = resp.AppendTo(dst)
	size := len(dst) - start - sizeBytes
	if size > math.MaxInt32 {
		return dst[:start], fmt.Errorf("%s response of %d bytes does not fit a frame", kmsg.NameForKey(resp.Key()), size)
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(size))
	return dst, nil
}
