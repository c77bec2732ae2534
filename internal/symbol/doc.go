// Package symbol gives code addresses names: the kernel's by /proc/kallsyms, a
// process's by the files that it has mapped (ELF symbol tables, Go's own table, which
// stripped binaries keep), by the map that a JIT compiler writes, and by the kernel's
// vdso.
package symbol

// Frame is where an address lies.
type Frame struct {
	// Function is its name; where none is known, the object's in brackets.
	Function string
	// File and Line are known of Go code alone.
	File string
	Line int
	// Object is the mapped file, by its path in the process's own mount namespace.
	Object string
	// Known says whether Function is a function's name.
	Known bool
}

// Unmapped is what is called that no code is mapped at: a call chain that leads there was
// broken by code that keeps no frame pointers.
const Unmapped = "[unmapped code]"
