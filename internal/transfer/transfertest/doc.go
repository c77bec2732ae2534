// Package transfertest holds every implementation of [transfer.Kernel] to one
// contract.
//
// [Conformance] is the table for the kernel's calls and for the programs on
// them, [Faults] runs every program with a fault at each of its calls, and
// [Inject] puts scripted faults between a program and any kernel. An
// implementation takes part by giving an [Env]:
//
//	func TestKernel(t *testing.T) {
//		transfertest.Conformance(t, openEnv)
//		transfertest.Faults(t, openEnv)
//	}
//
// A modelled kernel holds no bytes, so what arrived is always asserted as a
// range of the file, never as content.
package transfertest
