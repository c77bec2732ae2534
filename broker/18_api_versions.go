package broker

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.ApiVersions, 0, 4, whole(apiVersions)) }

// ApiVersions, API key 18, versions 0 to 4: which requests are served. A
// version that is not known gets UNSUPPORTED_VERSION in the encoding of version
// 0, with the ranges, so that the client can try again (KIP-511).
//
// From version 3 on a client says the name and the version of its software, in
// characters that metrics can have; others get INVALID_REQUEST, as with Kafka.
// They are told to who asks for the connections, and used for nothing else. Source: ApiVersionsRequest.json, ApiVersionsRequest.isValid.
func apiVersions(_ context.Context, c *connection, req *kmsg.ApiVersionsRequest, resp *kmsg.ApiVersionsResponse) error {
	if req.Version >= 3 && !(softwareName.MatchString(req.ClientSoftwareName) && softwareName.MatchString(req.ClientSoftwareVersion)) {
		resp.ErrorCode = codeInvalidRequest
		return nil
	}
	if req.Version >= 3 {
		c.seen.software(req.ClientSoftwareName, req.ClientSoftwareVersion)
	}
	resp.ApiKeys = servedVersions()
	return nil
}

var softwareName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$`)

// servedVersions are all requests, in the order of their keys.
func servedVersions() (all []kmsg.ApiVersionsResponseApiKey) {
	for _, key := range slices.Sorted(maps.Keys(apis)) {
		k := kmsg.NewApiVersionsResponseApiKey()
		k.ApiKey, k.MinVersion, k.MaxVersion = key, apis[key].min, apis[key].max
		all = append(all, k)
	}
	return all
}

func unknownApiVersions() *kmsg.ApiVersionsResponse {
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.ApiKeys = servedVersions()
	resp.ErrorCode = codeUnsupportedVersion
	return resp
}
