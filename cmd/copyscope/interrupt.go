package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// repeats is how long after the first signal another one is taken for the same: timeout(1)
// signals the program and then its whole group, a terminal the group alone. What is
// measured so far is printed meanwhile, and what was made in the kernel removed.
const repeats = time.Second

// interruptible gives a context that ends with the first signal that asks to stop
// (SIGHUP: the terminal was closed). Whoever asks again after more than a moment means
// at once: then a signal has its ordinary effect.
func interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	asked := make(chan os.Signal, 8)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-asked
		cancel()
		time.Sleep(repeats)
		signal.Stop(asked)
	}()
	return ctx, func() {
		signal.Stop(asked)
		cancel()
	}
}
