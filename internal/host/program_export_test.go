package host

// CallOf and SetcapOf are how a program of a file is called, and given rights.
func CallOf(file, before, arguments string) string { return programAt(file).call(before, arguments) }
func SetcapOf(file, rights string) string          { return programAt(file).setcap(rights) }
