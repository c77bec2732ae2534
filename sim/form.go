package sim

import "copyscope/internal/trace"

// form names what an event says that is no number. A machine tells millions of
// them, so each of its forms is interned once for each line of the program.
type form uint8

const (
	enter form = iota
	leave
	callWork
	span
	spanRead
	spanReadSocket
	spanWriteBuffer
	spanWriteMapping
	spanSendfile
	spanSpliceIn
	spanSpliceReceive
	spanSpliceOut
	spanTee
	spanSendZerocopy
	spanRing
	spanAppend
	switchVoluntary
	switchInvoluntary
	waitDisk
	waitSpace
	waitData
	waitCompletion
	waitFlush
	waitThrottle
	waitTimer
	waitAppend
	waitLock
	copyToUser
	copyFromBuffer
	copyFromMapping
	copyReceived
	copyToCache
	copyToMapping
	copyLinearise
	copyLineariseLent
	copyLinearisePinned
	copyNoGather
	copyNoGatherLent
	copyNoGatherPinned
	copyZerocopy
	copyAtReceiver
	lendToSocket
	lendToPipe
	lendFromPipe
	lendReceived
	lendTee
	pin
	cacheHit
	cacheMiss
	readaheadInitial
	readaheadAsync
	readaheadAround
	evict
	evictCPUCache
	memoryBus
	writeback
	faultMinorUser
	faultMajorUser
	faultMinorKernel
	faultMajorKernel
	commandDisk
	commandDiskWrite
	commandFlush
	commandCard
	commandCardLinear
	pioFromDisk
	pioFromDiskToUser
	pioToDisk
	pioToCard
	pioFromCard
	dmaFromDisk
	dmaFromDiskToUser
	dmaToDisk
	dmaToCard
	dmaToCardLent
	dmaToCardPinned
	dmaFromCard
	diskReady
	diskDone
	cardDone
	cardReceived
	softirqSent
	tcpSend
	tcpReceive
	touchBuffer
	touchMapping
	encryptUser
	encryptKernel
	compress
	forms // how many there are
)

// formed says what each form stands for. Endpoint, phase, call and provenance
// are the machine's to add.
var formed = [forms]trace.Shape{
	enter:             {Kind: trace.ModeSwitch, Actor: trace.UserCode, From: trace.UserMode, To: trace.KernelMode, Detail: "enter"},
	leave:             {Kind: trace.ModeSwitch, From: trace.KernelMode, To: trace.UserMode, Detail: "return"},
	callWork:          {Kind: trace.Compute, Detail: "call"},
	span:              {Kind: trace.Syscall},
	spanRead:          {Kind: trace.Syscall, From: trace.PageCache, To: trace.UserBuffer},
	spanReadSocket:    {Kind: trace.Syscall, From: trace.SocketBuffer, To: trace.UserBuffer},
	spanWriteBuffer:   {Kind: trace.Syscall, From: trace.UserBuffer, To: trace.SocketBuffer},
	spanWriteMapping:  {Kind: trace.Syscall, From: trace.UserMapping, To: trace.SocketBuffer},
	spanSendfile:      {Kind: trace.Syscall, From: trace.PageCache, To: trace.SocketBuffer},
	spanSpliceIn:      {Kind: trace.Syscall, From: trace.PageCache, To: trace.Pipe},
	spanSpliceReceive: {Kind: trace.Syscall, From: trace.SocketBuffer, To: trace.Pipe},
	spanSpliceOut:     {Kind: trace.Syscall, From: trace.Pipe, To: trace.SocketBuffer},
	spanTee:           {Kind: trace.Syscall, From: trace.Pipe, To: trace.Pipe},
	spanSendZerocopy:  {Kind: trace.Syscall, From: trace.UserBuffer, To: trace.SocketBuffer},
	spanRing:          {Kind: trace.Syscall, From: trace.UserBuffer, To: trace.SocketBuffer},

	switchVoluntary:   {Kind: trace.ContextSwitch, Actor: trace.Scheduler, Detail: "voluntary"},
	switchInvoluntary: {Kind: trace.ContextSwitch, Actor: trace.Scheduler, Detail: "involuntary"},
	waitDisk:          {Kind: trace.Wait, Detail: "disk"},
	waitSpace:         {Kind: trace.Wait, Detail: "socket-space"},
	waitData:          {Kind: trace.Wait, Detail: "socket-data"},
	waitFlush:         {Kind: trace.Wait, Detail: "flush"},
	waitThrottle:      {Kind: trace.Wait, Detail: "throttle"},
	waitAppend:        {Kind: trace.Wait, Detail: "append"},
	waitLock:          {Kind: trace.Wait, Detail: "lock"},
	waitTimer:         {Kind: trace.Wait, Detail: "timer"},
	waitCompletion:    {Kind: trace.Wait, Detail: "completion"},

	copyToUser:          {Kind: trace.CPUCopy, From: trace.PageCache, To: trace.UserBuffer},
	copyFromBuffer:      {Kind: trace.CPUCopy, From: trace.UserBuffer, To: trace.SocketBuffer},
	copyFromMapping:     {Kind: trace.CPUCopy, From: trace.UserMapping, To: trace.SocketBuffer},
	copyReceived:        {Kind: trace.CPUCopy, From: trace.SocketBuffer, To: trace.UserBuffer},
	copyLinearise:       {Kind: trace.CPUCopy, From: trace.SocketBuffer, To: trace.SocketBuffer, Detail: "linearise"},
	copyLineariseLent:   {Kind: trace.CPUCopy, From: trace.PageCache, To: trace.SocketBuffer, Detail: "linearise"},
	copyNoGather:        {Kind: trace.CPUCopy, From: trace.SocketBuffer, To: trace.SocketBuffer, Detail: "no-gather"},
	copyNoGatherLent:    {Kind: trace.CPUCopy, From: trace.PageCache, To: trace.SocketBuffer, Detail: "no-gather"},
	copyNoGatherPinned:  {Kind: trace.CPUCopy, From: trace.UserBuffer, To: trace.SocketBuffer, Detail: "no-gather"},
	copyLinearisePinned: {Kind: trace.CPUCopy, From: trace.UserBuffer, To: trace.SocketBuffer, Detail: "linearise"},
	copyZerocopy:        {Kind: trace.CPUCopy, From: trace.SocketBuffer, To: trace.SocketBuffer, Detail: "zerocopy-copied"},
	copyAtReceiver:      {Endpoint: trace.Receiver, Kind: trace.CPUCopy, From: trace.SocketBuffer, To: trace.UserBuffer, Detail: "receive"},

	lendToSocket: {Kind: trace.Descriptor, From: trace.PageCache, To: trace.SocketBuffer, Detail: "lend"},
	lendToPipe:   {Kind: trace.Descriptor, From: trace.PageCache, To: trace.Pipe, Detail: "lend"},
	lendFromPipe: {Kind: trace.Descriptor, From: trace.Pipe, To: trace.SocketBuffer, Detail: "lend"},
	lendReceived: {Kind: trace.Descriptor, From: trace.SocketBuffer, To: trace.Pipe, Detail: "lend"},
	lendTee:      {Kind: trace.Descriptor, From: trace.Pipe, To: trace.Pipe, Detail: "lend"},
	pin:          {Kind: trace.Descriptor, From: trace.UserBuffer, To: trace.SocketBuffer, Detail: "pin"},

	cacheHit:         {Kind: trace.CacheHit, To: trace.PageCache},
	cacheMiss:        {Kind: trace.CacheMiss, To: trace.PageCache},
	readaheadInitial: {Kind: trace.Readahead, To: trace.PageCache, Detail: "initial"},
	readaheadAsync:   {Kind: trace.Readahead, To: trace.PageCache, Detail: "async"},
	readaheadAround:  {Kind: trace.Readahead, To: trace.PageCache, Detail: "around"},
	faultMinorUser:   {Kind: trace.PageFault, Actor: trace.UserCode, From: trace.UserMapping, To: trace.PageCache, Detail: "minor"},
	faultMajorUser:   {Kind: trace.PageFault, Actor: trace.UserCode, From: trace.UserMapping, To: trace.PageCache, Detail: "major"},
	faultMinorKernel: {Kind: trace.PageFault, From: trace.UserMapping, To: trace.PageCache, Detail: "minor"},
	faultMajorKernel: {Kind: trace.PageFault, From: trace.UserMapping, To: trace.PageCache, Detail: "major"},

	commandDisk:       {Kind: trace.DeviceCommand, From: trace.CPUPlace, To: trace.DiskPlace, Detail: "disk-read"},
	commandCard:       {Kind: trace.DeviceCommand, From: trace.CPUPlace, To: trace.NICRing, Detail: "nic-send"},
	commandCardLinear: {Kind: trace.DeviceCommand, From: trace.CPUPlace, To: trace.NICRing, Detail: "nic-send-linear"},
	commandDiskWrite:  {Kind: trace.DeviceCommand, From: trace.CPUPlace, To: trace.DiskPlace, Detail: "disk-write"},
	commandFlush:      {Kind: trace.DeviceCommand, From: trace.CPUPlace, To: trace.DiskPlace, Detail: "flush"},
	pioToDisk:         {Kind: trace.PIO, From: trace.PageCache, To: trace.DiskPlace, Detail: "pio"},
	dmaToDisk:         {Kind: trace.DMA, Actor: trace.DiskDMA, From: trace.PageCache, To: trace.DiskPlace, Detail: "writeback"},
	copyToCache:       {Kind: trace.CPUCopy, From: trace.UserBuffer, To: trace.PageCache},
	copyToMapping:     {Kind: trace.CPUCopy, Actor: trace.UserCode, From: trace.UserBuffer, To: trace.UserMapping},
	evict:             {Kind: trace.Evict, From: trace.PageCache, Detail: "evict"},
	evictCPUCache:     {Kind: trace.Evict, From: trace.CPUPlace, Detail: "llc"},
	memoryBus:         {Kind: trace.MemoryBus, Detail: "memory-bus"},
	writeback:         {Kind: trace.Writeback, From: trace.PageCache, To: trace.DiskPlace, Detail: "dirty"},
	spanAppend:        {Kind: trace.Syscall, From: trace.UserBuffer, To: trace.PageCache},
	pioFromDisk:       {Kind: trace.PIO, From: trace.DiskPlace, To: trace.PageCache, Detail: "pio"},
	pioFromDiskToUser: {Kind: trace.PIO, From: trace.DiskPlace, To: trace.UserBuffer, Detail: "pio"},
	pioToCard:         {Kind: trace.PIO, From: trace.SocketBuffer, To: trace.NICRing, Detail: "pio"},
	pioFromCard:       {Kind: trace.PIO, From: trace.NICRing, To: trace.SocketBuffer, Detail: "pio"},
	dmaFromDisk:       {Kind: trace.DMA, Actor: trace.DiskDMA, From: trace.DiskPlace, To: trace.PageCache},
	dmaFromDiskToUser: {Kind: trace.DMA, Actor: trace.DiskDMA, From: trace.DiskPlace, To: trace.UserBuffer},
	dmaToCard:         {Kind: trace.DMA, Actor: trace.NICDMA, From: trace.SocketBuffer, To: trace.NICRing},
	dmaToCardLent:     {Kind: trace.DMA, Actor: trace.NICDMA, From: trace.PageCache, To: trace.NICRing, Detail: "gather"},
	dmaToCardPinned:   {Kind: trace.DMA, Actor: trace.NICDMA, From: trace.UserBuffer, To: trace.NICRing, Detail: "gather"},
	dmaFromCard:       {Kind: trace.DMA, Actor: trace.NICDMA, From: trace.Wire, To: trace.SocketBuffer, Detail: "receive-ring"},
	diskReady:         {Kind: trace.Interrupt, Actor: trace.Disk, From: trace.DiskPlace, To: trace.CPUPlace, Detail: "disk-ready"},
	diskDone:          {Kind: trace.Interrupt, Actor: trace.Disk, From: trace.DiskPlace, To: trace.CPUPlace, Detail: "disk-done"},
	cardDone:          {Kind: trace.Interrupt, Actor: trace.NIC, From: trace.NICRing, To: trace.CPUPlace, Detail: "nic-done"},
	cardReceived:      {Kind: trace.Interrupt, Actor: trace.NIC, From: trace.NICRing, To: trace.CPUPlace, Detail: "nic-received"},
	softirqSent:       {Kind: trace.Compute, Detail: "softirq"},
	tcpSend:           {Kind: trace.Compute, Detail: "tcp"},
	tcpReceive:        {Kind: trace.Compute, Detail: "softirq"},
	touchBuffer:       {Kind: trace.Compute, Actor: trace.UserCode, From: trace.UserBuffer, To: trace.CPUPlace, Detail: "touch"},
	touchMapping:      {Kind: trace.Compute, Actor: trace.UserCode, From: trace.UserMapping, To: trace.CPUPlace, Detail: "touch"},
	encryptUser:       {Kind: trace.Compute, Actor: trace.UserCode, From: trace.UserBuffer, To: trace.UserBuffer, Detail: "encrypt"},
	encryptKernel:     {Kind: trace.Compute, From: trace.PageCache, To: trace.SocketBuffer, Detail: "encrypt"},
	compress:          {Kind: trace.Compute, Actor: trace.UserCode, From: trace.UserBuffer, To: trace.UserBuffer, Detail: "compress"},
}
