// Package wire is Kafka's protocol on a connection: frames, request headers,
// the requests whose size must not be trusted, and the layout of the fetch
// response, into which regions of files are sent without being read. All other
// messages are decoded and encoded by franz-go's kmsg.
package wire
