package host

// FilePages is what a file takes on the disk and in the page cache.
type FilePages struct {
	// Size is the file's length, Allocated what it takes on the disk, in bytes: less
	// than Size where it is sparse, more where space is set aside.
	Size, Allocated int64
	// Tool says who told of the page cache, "cachestat" (Linux 6.5) or "mincore",
	// Page how large a page is, in bytes. Without a Tool, Reason is why it is not
	// known.
	Tool   string
	Reason string
	Page   int64
	// Pages are the file's, Cached those in the page cache. Dirty are not yet on
	// the disk, Evicted were in the page cache once; both are -1 where Tool does
	// not tell.
	Pages, Cached, Dirty, Evicted int64
	// Cells are equal parts of the file in order.
	Cells []CachedCell
}

// CachedCell is a part of a file. Dirty is 0 where it is not told.
type CachedCell struct{ Pages, Cached, Dirty int64 }
