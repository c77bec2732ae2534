package host

import "context"

var tracepoints = attempt{"tracefs", "tracepoints: copies, DMA requests, page-cache insertions, packets, one by one; what other processes call (copyscope attach)", tryTracefs}

// Attachable is the doctor's check of what watching another process needs, alone: it
// takes some milliseconds.
func Attachable(ctx context.Context) Check { return examine(ctx, []attempt{tracepoints})[0] }

var kernelTLS = attempt{"ktls", "sendfile over TLS (kernel TLS)", tryKTLS}

// KernelTLS is the doctor's check of kernel TLS, alone: advice to use it is worth
// something only where it works.
func KernelTLS(ctx context.Context) Check { return examine(ctx, []attempt{kernelTLS})[0] }
