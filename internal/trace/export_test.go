package trace

// NewSmallLog is a log whose key frames and window of recent events are so small
// that short runs reach them.
func NewSmallLog(c *Counter, o LogOptions) *Log {
	l := NewLog(c, o)
	l.frameEvents, l.recent.size = 8, 4
	return l
}
