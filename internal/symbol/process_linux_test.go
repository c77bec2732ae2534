package symbol_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"copyscope/internal/symbol"
)

// marked is the function that the programs of these tests tell the address of.
//
//go:noinline
func marked() uintptr { return reflect.ValueOf(marked).Pointer() }

// This program's own functions have their names, files and lines.
func TestOwnFunctions(t *testing.T) {
	pc := marked()
	f := symbol.NewProcesses().Frame(os.Getpid(), uint64(pc))
	file, line := runtime.FuncForPC(pc).FileLine(pc)
	if f.Function != "copyscope/internal/symbol_test.marked" || f.File != file || f.Line != line || !f.Known {
		t.Errorf("%+v, want symbol_test.marked in %s:%d", f, file, line)
	}
	if exe, _ := os.Executable(); f.Object != exe {
		t.Errorf("it lies in %s, want %s", f.Object, exe)
	}
}

// program needs little of the standard library, which is compiled again for code that
// may lie anywhere.
const program = `package main

import (
	"syscall"
	"unsafe"
)

//go:noinline
func Marked() { syscall.Read(0, make([]byte, 1)) }

func main() {
	marked := Marked
	syscall.Dup3(1, 2, 0)
	println(**(**uintptr)(unsafe.Pointer(&marked)))
	marked()
}
`

// started is a program that waits, and the address that it printed.
func started(t *testing.T, c *exec.Cmd) (pid int, address uint64) {
	t.Helper()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, err = strconv.ParseUint(strings.TrimSpace(line), 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid, address
}

// Go programs keep their names when they are stripped, and wherever they lie.
func TestGoPrograms(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	for _, c := range []struct {
		name  string
		flags []string
		cgo   bool
		want  string // empty: better none than a wrong one
	}{
		{"plain", nil, false, "main.Marked"}, {"stripped", []string{"-ldflags=-s -w"}, false, "main.Marked"},
		{"stripped, anywhere", []string{"-ldflags=-s -w", "-buildmode=pie"}, false, "main.Marked"},
		{"with C", nil, true, "main.Marked"}, {"with C, stripped", []string{"-ldflags=-s -w"}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := program
			if c.cgo {
				if _, err := exec.LookPath("gcc"); err != nil {
					t.Skip("SKIPPED: a program is not linked with C here; install gcc")
				}
				text = strings.Replace(program, "import (", `import "C"; import (`, 1)
				if c.want == "" { // a function so small that another's name would be taken for it
					text = strings.Replace(text, "marked := Marked", "marked, wait := syscall.Getpid, Marked", 1)
					text = strings.Replace(text, "\tmarked()", "\twait()", 1)
				}
			}
			if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			exe := filepath.Join(dir, "program "+c.name)
			build := exec.Command("go", append(append([]string{"build", "-o", exe}, c.flags...), source)...)
			build.Env = append(os.Environ(), "CGO_ENABLED="+map[bool]string{false: "0", true: "1"}[c.cgo])
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			pid, address := started(t, exec.Command(exe))
			names := symbol.NewProcesses()
			f := names.Frame(pid, address)
			if c.want == "" {
				if f.Known && f.Function != "syscall.Getpid" || f.Object != exe {
					t.Errorf("%+v, want no wrong name", f)
				}
				return
			}
			if f.Function != c.want || f.File != source || f.Line != 9 || f.Object != exe {
				t.Errorf("%+v, want %s in %s:9", f, c.want, source)
			}
			// What was read of a file is good for another process with it, also when it was removed.
			if err := os.Remove(exe); err != nil {
				t.Fatal(err)
			}
			if again := names.Frame(pid, address); again != f {
				t.Errorf("%+v, want %+v as before", again, f)
			}
		})
	}
}

// A C library's functions are found by its dynamic symbols, wherever it was loaded.
func TestALibrary(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: no python3 here, by which a library's function is found; install it")
	}
	pid, address := started(t, exec.Command(python, "-c", `import ctypes,sys
print(ctypes.cast(ctypes.CDLL(None).write, ctypes.c_void_p).value, flush=True)
sys.stdin.read(1)`))
	f := symbol.NewProcesses().Frame(pid, address+1)
	if !strings.HasSuffix(f.Function, "write") || !strings.Contains(f.Object, "libc") || !f.Known {
		t.Errorf("%+v, want write of the C library", f)
	}
}

// The kernel's own page of code has names too, and an address that nothing is at has
// none.
func TestOtherCode(t *testing.T) {
	self, err := procfs.Self()
	if err != nil {
		t.Fatal(err)
	}
	maps, err := self.ProcMaps()
	if err != nil {
		t.Fatal(err)
	}
	names := symbol.NewProcesses()
	for _, m := range maps {
		if m.Pathname != "[vdso]" {
			continue
		}
		found := map[string]bool{}
		for a := m.StartAddr; a < m.EndAddr; a += 16 {
			f := names.Frame(os.Getpid(), uint64(a))
			found[f.Function] = true
			if f.Object != "[vdso]" {
				t.Fatalf("%x: %+v, want [vdso]", a, f)
			}
		}
		if !found["__vdso_clock_gettime"] && !found["clock_gettime"] && !found["__kernel_clock_gettime"] {
			t.Errorf("of the vdso there is %v, want clock_gettime", found)
		}
	}
	if f := names.Frame(os.Getpid(), 16); f.Known || f.Function != "[unmapped code]" {
		t.Errorf("address 16: %+v", f)
	}
}

// The map of a compiler is read in the process's own view of /tmp, by its own number.
func TestCompiledCode(t *testing.T) {
	const at = 0x7f0000000000
	name := fmt.Sprintf("/tmp/perf-%d.map", os.Getpid())
	if err := os.WriteFile(name, fmt.Appendf(nil, "%x 100 LFoo;::bar\n", at), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(name)
	if f := symbol.NewProcesses().Frame(os.Getpid(), at+8); f.Function != "LFoo;::bar" || !f.Known {
		t.Errorf("%+v, want LFoo;::bar", f)
	}
}

// In a container /tmp and the process's number are others than outside.
func TestCompiledCodeInAContainer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root makes namespaces here; run it as root")
	}
	const at = 0x7f0000000000
	c := exec.Command("sh", "-c", fmt.Sprintf(`mount -t tmpfs tmpfs /tmp && echo "%x 100 inside" > /tmp/perf-$$.map && echo %d && read line`, at, at))
	c.SysProcAttr = namespaces(unix.CLONE_NEWNS | unix.CLONE_NEWPID)
	pid, address := started(t, c)
	if f := symbol.NewProcesses().Frame(pid, address); f.Function != "inside" {
		t.Errorf("%+v, want inside", f)
	}
}

// The running kernel's names are there for root, or the user is told how.
func TestRunningKernel(t *testing.T) {
	k, err := symbol.LoadKernel()
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		if !strings.Contains(err.Error(), "sudo sysctl -w kernel.kptr_restrict=0") {
			t.Errorf("%v, want the command that lets this user see them", err)
		}
		t.Skipf("SKIPPED: %v", err)
	}
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if fields[2] != "tcp_sendmsg" {
			continue
		}
		address, _ := strconv.ParseUint(fields[0], 16, 64)
		if got, _ := k.Function(address + 4); got != "tcp_sendmsg" {
			t.Errorf("%x is %q, want tcp_sendmsg", address+4, got)
		}
		return
	}
	t.Error("no tcp_sendmsg in /proc/kallsyms")
}
