//go:build !linux

package host

// Write is net.Conn's. The calls that Go makes for one Write are not seen here,
// so it counts as one.
func (b *Beneath) Write(p []byte) (int, error) {
	b.calls.Add(1)
	n, err := b.TCPConn.Write(p)
	b.bytes.Add(int64(n))
	return n, err
}
