package trace

// Shape is what many events of a run have in common: all of an [Event] that is
// no number.
type Shape struct {
	Endpoint   Endpoint
	Phase      Phase
	Kind       Kind
	Actor      Actor
	From, To   Place
	Syscall    string
	Line       string
	Errno      string
	Detail     string
	Provenance Provenance
}

// ShapeID names a shape within one [Log].
type ShapeID uint16

// Entry is one event, by its shape. Its fields are those of [Event].
type Entry struct {
	At, Dur, CPU     Ns
	Bytes, N, Offset int64
	Call, Thread     int32
	Shape            ShapeID
}

// shapeOf is the shape of an event.
func shapeOf(e *Event) Shape {
	return Shape{Endpoint: e.Endpoint, Phase: e.Phase, Kind: e.Kind, Actor: e.Actor, From: e.From, To: e.To,
		Syscall: e.Syscall, Line: e.Line, Errno: e.Errno, Detail: e.Detail, Provenance: e.Provenance}
}

// event puts shape and numbers together.
func (s *Shape) event(e *Entry) Event {
	return Event{At: e.At, Dur: e.Dur, CPU: e.CPU, Bytes: e.Bytes, N: e.N, Offset: e.Offset, Call: int(e.Call), Thread: int(e.Thread),
		Endpoint: s.Endpoint, Phase: s.Phase, Kind: s.Kind, Actor: s.Actor, From: s.From, To: s.To,
		Syscall: s.Syscall, Line: s.Line, Errno: s.Errno, Detail: s.Detail, Provenance: s.Provenance}
}
