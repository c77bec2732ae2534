package host

// TakeColdLanes takes all lanes, until the returned function is called.
func TakeColdLanes() (giveBack func()) {
	for range cap(coldLanes) {
		coldLanes <- struct{}{}
	}
	return func() {
		for range cap(coldLanes) {
			<-coldLanes
		}
	}
}
