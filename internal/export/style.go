package export

import (
	_ "embed"
	"io/fs"
	"sync"

	"copyscope/static"
)

// pictureStyle draws the timeline in the roles of static/base.css.
const pictureStyle = `
.timeline { background: var(--card); font: 12px system-ui, "Noto Sans SC", sans-serif; }
.timeline text { fill: var(--ink); }
.timeline .name { font-size: 13px; font-weight: 600; }
.timeline .tick { text-anchor: middle; fill: var(--dim); font-size: 11px; }
.timeline .grid { stroke: var(--line); fill: none; }
.timeline .bar { fill: var(--line); stroke: var(--edge); stroke-width: 0.5; }
.timeline .kind-cpu-copy, .timeline .kind-pio { fill: var(--copy); stroke: var(--copy); }
.timeline .kind-dma { fill: var(--dma); stroke: var(--ink); stroke-dasharray: 5 2; }
.timeline .kind-descriptor { fill: var(--descriptor); stroke: var(--ink); stroke-dasharray: 1 2; }
.timeline .kind-interrupt, .timeline .kind-page-fault { fill: var(--interrupt); stroke: var(--interrupt); }
.timeline .kind-cache-hit { fill: var(--hit); stroke: var(--hit); }
.timeline .kind-syscall { fill: var(--kernel); stroke: var(--edge); }
.timeline .kind-wait { fill: var(--card); stroke: var(--edge); stroke-dasharray: 2 2; }
.timeline .link { stroke: var(--descriptor); fill: none; stroke-width: 1; stroke-dasharray: 1 3; }
.timeline .cursor { stroke: var(--focus); stroke-width: 2; }
`

// pictureColours are the roles, light and dark, for a drawing that stands alone.
const pictureColours = `
:root { --card: #fff; --ink: #1c1f24; --dim: #5b6169; --line: #d5d3cb; --edge: #85827a; --kernel: #f4efe6; --copy: #b83c0a; --dma: #1d4ed8; --descriptor: #5b21b6; --interrupt: #8a5a06; --hit: #236b47; --focus: #0f766e; }
@media (prefers-color-scheme: dark) { :root { --card: #1b1e24; --ink: #e8e6e1; --dim: #a3aab4; --line: #333840; --edge: #717985; --kernel: #2a241b; --copy: #fb923c; --dma: #7aa2ff; --descriptor: #c4a5ff; --interrupt: #facc15; --hit: #4ade80; --focus: #2dd4bf; } }
`

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// style is all of a page's: that of the site, the timeline's and its own.
var style = sync.OnceValue(func() string {
	base, err := fs.ReadFile(static.Files(), "base.css")
	if err != nil {
		panic(err) // it is in the binary
	}
	return string(base) + pictureStyle + pageStyle
})
