package symbol

import (
	"debug/elf"
	"debug/gosym"
	"fmt"
	"io"
	"strings"
)

// object is an ELF file, as far as it tells where its functions are.
type object struct {
	loads     []elf.ProgHeader
	functions ranges       // by the addresses that the file was linked for
	table     *gosym.Table // of Go code, or nil
}

// readObject reads the symbol tables of an ELF file, as many as there are: .symtab,
// .dynsym, and .gopclntab of a Go program.
func readObject(r io.ReaderAt) (o *object, err error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, err
	}
	o = &object{}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			o.loads = append(o.loads, p.ProgHeader)
		}
	}
	for _, read := range []func() ([]elf.Symbol, error){f.Symbols, f.DynamicSymbols} {
		symbols, err := read()
		if err != nil {
			continue // stripped, or damaged: what is left tells what it can
		}
		for _, s := range symbols {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF && s.Value != 0 {
				o.functions = append(o.functions, span{from: s.Value, size: s.Size, name: s.Name})
			}
		}
	}
	o.functions.sort()
	o.table, err = goTable(f, o.functions)
	return o, err
}

// goTable reads the table by which Go's runtime names its functions; nil where there is
// none. Its addresses count from runtime.text. A stripped program does not tell where that
// is: mostly at the beginning of .text, but not if it was linked with C code. Then no name
// is better than a wrong one.
func goTable(f *elf.File, functions ranges) (*gosym.Table, error) {
	var section *elf.Section
	for _, s := range f.Sections {
		if strings.HasSuffix(s.Name, "gopclntab") { // .data.rel.ro.gopclntab where code may lie anywhere
			section = s
		}
	}
	text := f.Section(".text")
	if section == nil || text == nil {
		return nil, nil
	}
	from, told := text.Addr, false
	for _, s := range functions {
		if s.name == "runtime.text" {
			from, told = s.from, true
		}
	}
	data, err := section.Data()
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", section.Name, err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, from))
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", section.Name, err)
	}
	if begins := table.PCToFunc(f.Entry); !told && (begins == nil || !strings.HasPrefix(begins.Name, "_rt0_")) {
		return nil, nil // Go's first function is elsewhere
	}
	return table, nil
}

// frame names a place by its offset in the file.
func (o *object) frame(offset uint64) (f Frame, ok bool) {
	for _, p := range o.loads {
		if offset < p.Off || offset-p.Off >= p.Filesz {
			continue
		}
		return o.linked(offset - p.Off + p.Vaddr)
	}
	return f, false
}

// linked names a place by the address that the file was linked for.
func (o *object) linked(address uint64) (f Frame, ok bool) {
	if o.table != nil {
		if file, line, fn := o.table.PCToLine(address); fn != nil {
			return Frame{Function: fn.Name, File: file, Line: line, Known: true}, true
		}
	}
	s, ok := o.functions.find(address)
	return Frame{Function: s.name, Known: ok}, ok
}
