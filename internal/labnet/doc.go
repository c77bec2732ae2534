// Package labnet makes the lab network: two network namespaces joined by a pair of
// virtual Ethernet devices (veth(4)), whose scatter-gather can be switched on and
// off. It turns "sendfile with and without SG" from a drawing into something that
// this host can measure.
//
// Nothing of it has a name in the file system, and no device of it is ever in the
// namespace that the host works in: the namespaces are held by descriptors and
// sockets of this process alone, and the kernel removes them, devices included, when
// the last of those is gone (network_namespaces(7)). So what a process made is gone
// when the process is, whatever ended it. It takes CAP_SYS_ADMIN and CAP_NET_ADMIN.
package labnet
