package host

// Surroundings are what stands around this process and may keep it from
// witnessing: a container, and what that takes away.
type Surroundings struct {
	// Container is what kind of container this is, "docker"; "container" if it is
	// one of an unknown kind, empty if there is no sign of one. Signs says by what
	// it is known.
	Container string   `json:"container,omitempty"`
	Signs     []string `json:"signs,omitempty"`
	// NoNewPrivileges: no program that this process starts gains any, so neither
	// sudo nor setcap helps.
	NoNewPrivileges bool `json:"no_new_privileges"`
	// Seccomp: calls are filtered.
	Seccomp bool `json:"seccomp"`
	// UserNamespace: users here are not those of the machine, and root is not
	// root.
	UserNamespace bool `json:"user_namespace"`
	// Capabilities are those in effect that a witness uses; of root without a
	// container all.
	Capabilities []string `json:"capabilities"`

	// program is what remedies name.
	program program
}

// Device is a network device of this namespace, and what it does for those who
// send: each is nil where the device does not say.
type Device struct {
	Name string `json:"name"`
	// SG: it gathers the pieces of a packet by itself (scatter-gather).
	SG *bool `json:"sg"`
	// TSO: it cuts large segments itself; GSO: the kernel does, as late as it can.
	TSO *bool `json:"tso"`
	GSO *bool `json:"gso"`
}

// capabilityOf are the capabilities that enable a layer in a program of a user
// that is not root: tracing instances are made in a directory of root's, in a
// tracefs that is mounted for the purpose; samples of kernel code need
// CAP_PERFMON (Linux 5.8) and the kernel's symbols CAP_SYSLOG.
var capabilityOf = map[string]struct{ file, docker string }{
	"tracepoints": {"cap_sys_admin,cap_dac_override", "--cap-add SYS_ADMIN --security-opt apparmor=unconfined -v /sys/kernel/tracing:/sys/kernel/tracing"},
	"samples":     {"cap_perfmon,cap_syslog", "--cap-add PERFMON --cap-add SYSLOG --security-opt seccomp=unconfined"},
}

// remedies are the commands that would enable a layer: what the check found,
// and what gives this one program the right.
func (s Surroundings) remedies(layer, found string) []string {
	rights, ok := capabilityOf[layer]
	if !ok {
		return []string{found}
	}
	if s.Container != "" {
		// What is set on the machine's side is not for the container to change.
		manager := "docker"
		if s.Container == "podman" {
			manager = "sudo podman"
		}
		return []string{manager + " run --user root " + rights.docker + " IMAGE copyscope doctor"}
	}
	if s.NoNewPrivileges || s.UserNamespace {
		return []string{found} // by somebody who may, outside
	}
	return []string{found, s.program.setcap(rights.file)}
}
