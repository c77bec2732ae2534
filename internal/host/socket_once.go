package host

// onceRules are the figures of a connection that is asked once: what grows is told
// as it stands, not as a rate.
var onceRules = append([]figureRule{
	{name: "sent_bytes", unit: Bytes, rule: asIs, key: key{tcpInfo, "bytes_sent"}},
	{name: "retransmitted_bytes", unit: Bytes, rule: asIs, key: key{tcpInfo, "bytes_retrans"}},
}, connectionRules[2:]...)

// OnceFigureNames lists the names of the figures of [AskConnection].
func OnceFigureNames() []string { return names(onceRules) }
