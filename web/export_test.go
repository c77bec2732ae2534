package web

// DropClients ends every websocket, as a network that fails does.
func (s *Server) DropClients() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for c := range s.hub.clients {
		c.cancel()
	}
}
