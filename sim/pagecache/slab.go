package pagecache

import "slices"

// slab hands out numbered items from 1 on, and takes them back. What was taken
// back is handed out first, so that a cache that is full asks for no memory.
type slab[T any] struct {
	items []T
	free  []int32
}

func (s *slab[T]) get() int32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	if len(s.items) == 0 {
		s.items = append(s.items, *new(T)) // 0 is nobody
	}
	s.items = append(s.items, *new(T))
	return int32(len(s.items) - 1)
}

func (s *slab[T]) put(i int32) { s.free = append(s.free, i) }

func (s slab[T]) clone() slab[T] {
	return slab[T]{items: slices.Clone(s.items), free: slices.Clone(s.free)}
}
