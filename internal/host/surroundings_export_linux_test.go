package host

// What the tests of the doctor look at.
var (
	LookAround = surroundings
	LayersOf   = layers
)
