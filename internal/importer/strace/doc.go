// Package strace reads what strace(1) prints with -f -ttt -T -yy:
//
//	6834  1795689061.242853 sendfile(6<TCP:[…]>, 8</srv/f>, [0] => [100000], 100000) = 100000 <0.000090>
//	6841  1795689061.242390 recvfrom(7<TCP:[…]>,  <unfinished ...>
//	6841  1795689061.242982 <... recvfrom resumed>"…"..., 65536, 0, NULL, NULL) = 65536 <0.000249>
//	6841  1795689061.244651 --- SIGCHLD {si_signo=SIGCHLD, …} ---
//	6834  1795689061.250565 +++ exited with 0 +++
//
// -ttt is needed: without times there is no timeline. Without -T calls have no
// duration, without -yy their descriptors no kind; both are told. Times are of the
// wall clock, in microseconds; where that was set back, the timeline goes on
// from where it was.
//
// The format is that of strace 6.1 (print_normal_priority and printargs in
// src/syscall.c, printing of descriptors in src/util.c); versions back to 4.7
// print the same.
package strace
