package sim

// file is the modelled file: its size, and its versions. Each overwrite makes a
// new version of a range.
type file struct {
	size   int64    // now
	made   int64    // as it was made
	writes []Extent // in order; version v holds writes[:v]
}

func (f *file) version() int { return len(f.writes) }

// changed says whether a byte of the extent was overwritten after the version
// that it was taken from.
func (f *file) changed(e Extent, since int) bool {
	for _, w := range f.writes[since:] {
		if w.Off < e.Off+e.Len && e.Off < w.Off+w.Len {
			return true
		}
	}
	return false
}
