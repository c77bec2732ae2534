package dump

import (
	"fmt"
	"os"

	"copyscope/broker/log"
)

// dumpSegment prints a .log file. Records are decoded in any case: that they
// are what the batch claims is part of what is checked.
func dumpSegment(p *printer, path string) error {
	base, err := baseOffset(path)
	if err != nil {
		return err
	}
	if !p.o.JSON {
		p.write(fmt.Sprintf("Log starting offset: %d\n", base))
	}
	return eachBatch(path, func(i log.BatchInfo, records eachRecord) error {
		p.batch(i)
		return records(func(r log.RecordInfo) error {
			if p.o.Records {
				p.record(i, r)
			}
			return p.failed
		})
	})
}

// eachRecord visits the records of a batch.
type eachRecord = func(visit func(log.RecordInfo) error) error

// eachBatch reads a segment file.
func eachBatch(path string, visit func(log.BatchInfo, eachRecord) error) error {
	base, err := baseOffset(path)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return log.DumpSegment(f, info.Size(), func(i log.BatchInfo, records func(func(log.RecordInfo) error) error) error {
		if i.Base < base {
			return fmt.Errorf("byte %d: a batch of offset %d is below the segment's %d", i.Position, i.Base, base)
		}
		if err := visit(i, records); err != nil {
			return fmt.Errorf("batch at offset %d: %w", i.Base, err)
		}
		return nil
	})
}

var codecs = map[log.Codec]string{log.Uncompressed: "none", log.Gzip: "gzip", log.Snappy: "snappy", log.LZ4: "lz4", log.Zstd: "zstd"}

func (p *printer) batch(i log.BatchInfo) {
	time, horizon := timeName(i), any("OptionalLong.empty")
	if i.DeleteHorizon >= 0 {
		horizon = fmt.Sprintf("OptionalLong[%d]", i.DeleteHorizon)
	}
	if p.o.JSON {
		horizon = any(nil)
		if i.DeleteHorizon >= 0 {
			horizon = i.DeleteHorizon
		}
	}
	p.line("batch", "", field{"baseOffset", i.Base}, field{"lastOffset", i.Last}, field{"count", i.Records},
		field{"baseSequence", i.FirstSequence}, field{"lastSequence", i.LastSequence}, field{"producerId", i.ProducerID},
		field{"producerEpoch", i.ProducerEpoch}, field{"partitionLeaderEpoch", i.LeaderEpoch},
		field{"isTransactional", i.Transactional}, field{"isControl", i.Control}, field{"deleteHorizonMs", horizon},
		field{"position", i.Position}, field{time, i.Timestamp}, field{"size", i.Bytes}, field{"magic", 2},
		field{"compresscodec", codecs[i.Codec]}, field{"crc", i.CRC}, field{"isvalid", true})
}

func timeName(i log.BatchInfo) string {
	if i.LogAppendTime {
		return "LogAppendTime"
	}
	return "CreateTime"
}
