package main

// descriptorLimit: Windows does not bound handles in the way of Unix.
func descriptorLimit() (limit uint64, ok bool) { return 0, false }
