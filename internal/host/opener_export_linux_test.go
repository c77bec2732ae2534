package host

import "io"

// Opener gives what reads the plaintext of a stream of this kernel's records.
func (m *Measured) Opener() func(io.Reader) io.Reader {
	keys := m.tls()
	return func(r io.Reader) io.Reader { return newOpener(keys, r) }
}
