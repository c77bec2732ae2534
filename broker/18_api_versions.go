package broker

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/txn"
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
	if req.Version >= 3 {
		tellFeatures(req.Version, resp)
	}
	c.auth.versionsTold()
	return nil
}

// features are finalized at their latest versions: consumer groups whose
// assignment the broker makes (KIP-848), and the second protocol of transactions
// (KIP-890).
var features = []struct {
	name   string
	latest int16
}{
	{"group.version", 1},
	{"transaction.version", int16(txn.V2)},
}

// tellFeatures tells the features that clients may use. One that has a version 0
// is left out of the supported ones before version 4, where clients cannot read
// it (KAFKA-17492).
func tellFeatures(version int16, resp *kmsg.ApiVersionsResponse) {
	for _, has := range features {
		if version >= 4 {
			s := kmsg.NewApiVersionsResponseSupportedFeature()
			s.Name, s.MaxVersion = has.name, has.latest
			resp.SupportedFeatures = append(resp.SupportedFeatures, s)
		}
		f := kmsg.NewApiVersionsResponseFinalizedFeature()
		f.Name, f.MinVersionLevel, f.MaxVersionLevel = has.name, has.latest, has.latest
		resp.FinalizedFeatures = append(resp.FinalizedFeatures, f)
	}
	resp.FinalizedFeaturesEpoch = 0
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
