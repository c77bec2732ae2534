package transfer

// programs is the registry: the command line, the comparison table, the
// pages, the broker's setting and the lessons list the paths from here.
var programs = []Program{read, readWrite, mmapWrite, sendfile, splice, tee, relayCopy, relaySplice,
	msgZerocopy, ioUring, direct, userTLS, kernelTLS, compress}

// Programs lists every program, in the order of the story: first each saves
// something that the one before it pays, then come those for other sources and
// sinks, today's tools, and where zero copy ends.
func Programs() []Program { return append([]Program(nil), programs...) }

// Paths lists the names of every program.
func Paths() []string {
	names := make([]string, len(programs))
	for i, p := range programs {
		names[i] = p.Path
	}
	return names
}

// ServingPaths lists the names of the programs that a broker may serve with.
func ServingPaths() []string {
	var names []string
	for _, p := range programs {
		if p.Serves {
			names = append(names, p.Path)
		}
	}
	return names
}

// Lookup finds a program by its path's name.
func Lookup(path string) (Program, bool) {
	for _, p := range programs {
		if p.Path == path {
			return p, true
		}
	}
	return Program{}, false
}
