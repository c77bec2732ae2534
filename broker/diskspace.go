package broker

// Dir is the data directory.
func (b *Broker) Dir() string { return b.dir.path }

// UsableBytes is what is free for this user on the file system of the data directory,
// in bytes; -1 if it cannot be told.
func (b *Broker) UsableBytes() int64 {
	_, usable := diskSpace(b.dir.path)
	return usable
}
