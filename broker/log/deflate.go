package log

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// deflater compresses the records of batches anew, in the forms of Kafka's Java
// client (CompressionType.java), each codec at its default level.
type deflater struct {
	gzip *gzip.Writer
	lz4  *lz4.Writer
	zstd *zstd.Encoder
}

// snappyBlock is the size of the blocks of xerial's snappy-java.
const snappyBlock = 32 << 10

// append compresses the records behind what out holds.
func (z *deflater) append(out []byte, codec Codec, records []byte) ([]byte, error) {
	switch codec {
	case Uncompressed:
		return append(out, records...), nil
	case Gzip:
		if z.gzip == nil {
			z.gzip = gzip.NewWriter(nil)
		}
		return through(z.gzip, out, records)
	case LZ4:
		if z.lz4 == nil {
			z.lz4 = lz4.NewWriter(nil)
			if err := z.lz4.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ConcurrencyOption(1)); err != nil {
				return nil, err
			}
		}
		return through(z.lz4, out, records)
	case Snappy:
		return appendSnappy(out, records), nil
	case Zstd:
		if z.zstd == nil {
			var err error
			if z.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)); err != nil {
				return nil, err
			}
		}
		return z.zstd.EncodeAll(records, out), nil
	default:
		return nil, fmt.Errorf("%w: %d", ErrCodec, codec)
	}
}

// through writes the records through a compressing writer.
func through(w interface {
	io.WriteCloser
	Reset(io.Writer)
}, out, records []byte) ([]byte, error) {
	to := bytes.NewBuffer(out)
	w.Reset(to)
	if _, err := w.Write(records); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return to.Bytes(), nil
}

// appendSnappy writes what [snappyReader] reads.
func appendSnappy(out, records []byte) []byte {
	out = append(out, xerialMagic...)
	out = binary.BigEndian.AppendUint32(out, 1) // version
	out = binary.BigEndian.AppendUint32(out, 1) // and the oldest that can read it
	var block []byte
	for len(records) > 0 {
		n := min(len(records), snappyBlock)
		block = snappy.Encode(block[:cap(block)], records[:n])
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(block))), block...)
		records = records[n:]
	}
	return out
}
