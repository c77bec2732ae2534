package attach

import (
	"slices"
	"strings"
)

// advise names what keeps a path from being zero-copy, and what would change it.
func advise(p *Path, runtime string, libraries []string, compressor, noKernelTLS string) (blocker, advice string) {
	if len(p.Techniques) == 0 || p.From.Kind != File && p.From.Kind != Socket {
		return "", ""
	}
	t := p.Techniques[0].Technique
	switch {
	case p.temporary && p.Kind == FileToSocket:
		return detoured(p.From.Name, runtime)
	case p.alsoRead && p.Kind == FileToSocket:
		return readToo, unread[runtimeOr(unread, runtime)]
	case slices.Contains(zeroCopyTechniques, t):
		return "", ""
	case p.other && p.Kind == FileToSocket:
		return otherBytes(p, compressor, runtime)
	case t == TLS, t == Rewrite && p.To.Kind == Socket && library(libraries, "ssl", "tls") != "" && moreSent(p):
		return encrypted(p, t, libraries), decrypted(runtime, noKernelTLS)
	case t == Compress:
		return "it is compressed on the way, so every byte must pass through user code", uncompressed[runtimeOr(uncompressed, runtime)]
	case p.less:
		return "less was sent than was read, and why is not known: it may send parts, or compress by code that was not seen", ""
	case t == RelayCopy, t == Rewrite && p.Kind == "socket-to-socket":
		return "it is proxied: every byte comes into user memory and goes out again", relaying[runtimeOr(relaying, runtime)]
	case p.Kind == "socket-to-file":
		return "what arrives is written to a file from user memory", ""
	case p.Kind != FileToSocket:
		return "", ""
	case p.direct:
		return "the file is read with O_DIRECT, past the page cache: the copy into the socket is left, and sendfile(2) has no page to lend", buffered[runtimeOr(buffered, runtime)]
	case p.chunked && runtime == goLang:
		return "the answer looks chunked, without a Content-Length: net/http then copies it piece by piece", "set Content-Length, or use http.ServeContent, and hand *os.File and the plain http.ResponseWriter to io.Copy: then it is sendfile and 0"
	case t == ReadWrite:
		return copying[runtimeOr(copying, runtime)].why, copying[runtimeOr(copying, runtime)].what
	case t == Rewrite && (!p.framed() || compressor != "" && p.stored()):
		return otherBytes(p, compressor, runtime)
	case t == Rewrite:
		return "the bytes are copied once more in user space between read and write", copying[runtimeOr(copying, runtime)].what
	case t == MmapWrite:
		return "the kernel copies from the mapping into the socket", "sendfile(2) takes the pages of the file itself"
	}
	return "", ""
}

// readToo is why a file that is sent by sendfile(2) is copied all the same.
const readToo = "the file is read as well: a filter (sub_filter, ssi), a checksum, or the like"

// unread is what would spare that.
var unread = map[string]string{
	nginx: "keep filters of the body (sub_filter, ssi) off large files, in a location or by types of their own: then it is 0",
	"":    "keep what is found out by reading (a checksum, a type) beside the file: then it is 0",
}

// otherBytes is said where what is sent is not what was read, and nothing shows what was
// done to it. What cannot be compressed grows by less than a hundredth (RFC 1951, 3.2.4).
func otherBytes(p *Path, compressor, runtime string) (blocker, advice string) {
	if compressor == "" || p.Bytes.Value > 1.01*p.SourceBytes.Value {
		return "other bytes are sent than were read, so they must pass through user code; what is done to them is not known", ""
	}
	return "other bytes are sent than were read: compressed, probably (it has " + compressor + "), though they hardly shrink", uncompressed[runtimeOr(uncompressed, runtime)]
}

// moreSent: encryption adds to what it sends.
func moreSent(p *Path) bool { return p.Bytes.Value >= p.SourceBytes.Value }

func encrypted(p *Path, t Technique, libraries []string) string {
	lib := library(libraries, "ssl", "tls")
	switch {
	case t == TLS && lib != "":
		return "TLS in user space: what it writes begins with TLS records, and " + lib + " is mapped"
	case t == TLS:
		return "TLS in user space: what it writes begins with TLS records"
	}
	return "it reads the " + string(p.From.Kind) + " and writes something else to the socket; " + lib + " is mapped: TLS in user space, probably"
}

func library(libraries []string, words ...string) string {
	for _, l := range libraries {
		for _, w := range words {
			if strings.Contains(l, w) {
				return l
			}
		}
	}
	return ""
}

// runtimeOr is the runtime if a table knows it, or else the entry for all others.
func runtimeOr[V any](table map[string]V, runtime string) string {
	if _, ok := table[runtime]; ok {
		return runtime
	}
	return ""
}

type reason struct{ why, what string }

// copying is why a file is copied through user memory, by runtime, and what would
// change that.
var copying = map[string]reason{
	nginx:     {"sendfile is off, or a filter (gzip, sub_filter, ssi, a body in memory) wants the bytes", "`sendfile on;` would make it 0"},
	apache:    {"EnableSendfile is off, or a filter wants the bytes", "`EnableSendfile On` and no output filter would make it 0"},
	haproxy:   {"HAProxy reads the file into its own memory", "let a web server send files"},
	goLang:    {"io.Copy does not see the connection's ReadFrom (a wrapper of the ResponseWriter or the file hides it), or the body is no *os.File", "hand *os.File and the plain http.ResponseWriter or *net.TCPConn to io.Copy, or let the wrapper have ReadFrom: then it is sendfile and 0"},
	python:    {"the program copies through user memory (http.server: shutil.copyfileobj)", "socket.sendfile(file) or os.sendfile would make it 0"},
	jvm:       {"the file is read into a buffer and written from it", "FileChannel.transferTo to a plain SocketChannel would make it 0 (Tomcat: useSendfile=true on the NIO connector, for files over 48 KiB that are not compressed; Kafka: no TLS, no conversion of message formats)"},
	node:      {"streams carry the file through user memory", "Node has no sendfile; let a server in front of it send the files"},
	ourselves: {"the fetch path of the topic is read+write", "copyscope.fetch.path=sendfile would make it 0"},
	"":        {"the file is read into user memory and written from there", "sendfile(2) or splice(2) would make it 0"},
}

// uncompressed is what would spare the work of compressing.
var uncompressed = map[string]string{
	nginx: "serve files that are compressed already (`gzip_static on;`), or leave large ones uncompressed",
	"":    "serve files that are compressed already, or leave large ones uncompressed",
}

// buffered is what would bring the page cache back.
var buffered = map[string]string{
	nginx: "`directio off;` with `sendfile on;` would make it 0, by way of the page cache",
	"":    "sendfile(2) of a file that is opened without O_DIRECT would make it 0, by way of the page cache",
}

// encryption is what would bring zero copy back where TLS is in the way.
var encryption = map[string]string{
	nginx:  "kernel TLS brings sendfile back: `ssl_conf_command Options KTLS;` with OpenSSL 3 and the kernel's tls module, or end TLS elsewhere",
	goLang: "crypto/tls encrypts in user space and has no kernel TLS: plaintext inside, or TLS that ends in a proxy with kernel TLS",
	jvm:    "the JDK encrypts in user space and has no kernel TLS: plaintext inside, or TLS that ends in a proxy with kernel TLS",
	"":     "kernel TLS, or TLS that ends in a proxy before it, would bring sendfile back",
}

// decrypted is what would bring zero copy back where TLS is in the way, on this host.
func decrypted(runtime, noKernelTLS string) string {
	runtime = runtimeOr(encryption, runtime)
	if noKernelTLS == "" || runtime == goLang || runtime == jvm {
		return encryption[runtime]
	}
	return "TLS that ends in a proxy before it would bring sendfile back; kernel TLS would not on this host: " + noKernelTLS
}

// buffering is what keeps a proxy from writing answers to files.
var buffering = map[string]string{
	nginx: "`proxy_max_temp_file_size 0;` keeps answers that are not for a cache out of files: then the client's pace is that of the other side, and larger `proxy_buffers` soften it",
	"":    "let the proxy buffer in memory, or pass on at the client's pace",
}

// relaying is what would spare a proxy its copies.
var relaying = map[string]string{
	haproxy: "`option splice-auto` (or splice-response, splice-request) moves what is not inspected by splice(2)",
	nginx:   "nginx cannot splice between sockets; `proxy_cache` with `sendfile on;` sends what is cached from its file",
	goLang:  "io.Copy between two plain *net.TCPConn uses splice(2): wrappers and TLS hide them",
	"":      "splice(2) through a pipe relays without a copy, where nothing looks at the bytes",
}
