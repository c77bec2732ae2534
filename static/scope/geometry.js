// Where everything is: places never move between steps, lanes or lessons.
// There are two drawings of the same machine, a wide and a narrow one; both
// keep the bands in the order user, kernel, hardware, the disk left, the NIC
// right, the CPU between them.
//
// ways are the routes between places, one path each, by kind where kinds of
// motion between the same places go different ways. A line is a horizontal
// track, [from, y, to], that an interrupt has to itself. Units: SVG user units.

const wide = {
  name: 'wide',
  width: 1040,
  height: 300,
  bands: { user: [0, 100], kernel: [100, 196], hardware: [196, 300] },
  cells: 10,
  listing: { x: 70, y: 7, w: 404, h: 77 },
  mode: { x: 38, user: 62, kernel: 150 },
  crossing: { x: 96, top: 80, bottom: 142, label: [112, 130] },
  switches: { x: 474, y: 97, anchor: 'end' },
  places: {
    'user-buffer': { x: 540, y: 6, w: 190, h: 40 },
    'user-mapping': { x: 540, y: 53, w: 190, h: 40 },
    receiver: { x: 880, y: 6, w: 150, h: 40 },
    'page-cache': { x: 280, y: 103, w: 190, h: 80 },
    pipe: { x: 548, y: 128, w: 150, h: 56 },
    'socket-buffer': { x: 790, y: 116, w: 200, h: 64 },
    disk: { x: 70, y: 230, w: 128, h: 58 },
    cpu: { x: 420, y: 230, w: 196, h: 58 },
    'nic-ring': { x: 836, y: 230, w: 154, h: 58 },
    wire: { x: 996, y: 244, w: 36, h: 28, bare: true },
  },
  engines: { 'disk-dma': { x: 226, y: 230, w: 96, h: 28 }, 'nic-dma': { x: 690, y: 230, w: 96, h: 28 } },
  ways: {
    'dma disk>page-cache': { d: 'M198 245 C296 245 356 234 366 187', label: [374, 220, 'start'] },
    'user-buffer>page-cache': { d: 'M540 26 C484 26 522 120 476 128', label: [508, 112, 'start'] },
    'page-cache>disk': { d: 'M352 180 C342 226 296 238 204 238', label: [374, 220, 'start'] },
    'pio page-cache>disk': { d: 'M434 180 C446 200 460 212 460 226 M420 270 H204', label: [472, 216, 'start'] },
    'pio disk>page-cache': { d: 'M198 270 H414 M460 230 C460 212 446 200 434 187', label: [472, 216, 'start'] },
    'page-cache>user-buffer': { d: 'M470 128 C516 120 478 26 534 26', label: [508, 112, 'start'] },
    'page-cache>user-mapping': { d: 'M470 140 C514 140 500 73 534 73', label: [518, 116, 'start'] },
    'user-mapping>page-cache': { d: 'M540 73 C500 73 514 140 476 142', label: [518, 116, 'start'] },
    'user-buffer>socket-buffer': { d: 'M730 26 C804 26 850 46 856 110', label: [742, 17, 'start'] },
    'user-mapping>socket-buffer': { d: 'M730 73 C790 73 812 84 818 110', label: [742, 66, 'start'] },
    'page-cache>pipe': { d: 'M470 160 H542', label: [508, 127, 'middle'] },
    'pipe>socket-buffer': { d: 'M698 160 H784', label: [784, 127, 'end'] },
    'page-cache>socket-buffer': { d: 'M470 138 C540 120 720 120 784 136', label: [628, 112, 'middle'] },
    'socket-buffer>nic-ring': { d: 'M900 180 V224', label: [910, 210, 'start'] },
    'dma socket-buffer>nic-ring': { d: 'M830 180 C816 210 766 206 744 230 M786 245 H830', label: [822, 212, 'start'] },
    'pio socket-buffer>nic-ring': { d: 'M796 180 C770 208 640 204 604 226 M616 270 H830', label: [640, 208, 'end'] },
    'page-cache>nic-ring': { d: 'M430 180 C470 232 610 196 704 230 M786 245 H830', label: [592, 194, 'middle'] },
    'socket-buffer>socket-buffer': { d: 'M990 132 C1034 128 1034 172 996 166', label: [1036, 194, 'end'] },
    'receive socket-buffer>user-buffer': { d: 'M964 116 V52', label: [956, 86, 'end'] },
    'socket-buffer>user-buffer': { d: 'M824 116 C820 70 790 40 736 38', label: [842, 66, 'start'] },
    'dma disk>user-buffer': { d: 'M198 245 H226 M322 245 C400 245 396 206 440 202 S506 190 506 150 V60 C506 40 512 30 534 30', label: [514, 118, 'start'] },
    'pio disk>user-buffer': { d: 'M198 270 H414 M476 230 C476 204 506 190 506 150 V60 C506 40 512 30 534 30', label: [514, 118, 'start'] },
    'user-buffer>user-buffer': { d: 'M730 12 C786 6 786 46 736 40', label: [780, 20, 'start'] },
    'user-buffer>nic-ring': { d: 'M730 38 C786 52 750 120 740 224 M786 245 H830', label: [734, 122, 'end'] },
    'wire>socket-buffer': { d: 'M1032 252 H998 M836 258 H790 M716 230 C730 196 790 210 806 186', label: [704, 212, 'end'] },
    'pio nic-ring>socket-buffer': { d: 'M836 270 H620 M604 230 C640 204 760 212 790 186', label: [640, 208, 'end'] },
    'socket-buffer>pipe': { d: 'M790 146 H704', label: [784, 127, 'end'] },
    'pipe>pipe': { d: 'M590 184 C586 212 660 212 656 190', label: [623, 218, 'middle'] },
    'nic-ring>wire': { d: 'M990 258 H1030', label: [1030, 238, 'end'] },
    'interrupt disk>cpu': { line: [198, 270, 412], label: [372, 258, 'middle'] },
    'interrupt nic-ring>cpu': { line: [836, 270, 624], label: [653, 258, 'middle'] },
    'device-command cpu>disk': { d: 'M420 284 H204', label: [306, 298, 'middle'] },
    'device-command cpu>nic-ring': { d: 'M616 284 H830', label: [726, 298, 'middle'] },
  },
};

const narrow = {
  name: 'narrow',
  width: 400,
  height: 516,
  bands: { user: [0, 186], kernel: [186, 322], hardware: [322, 516] },
  cells: 6,
  listing: { x: 8, y: 24, w: 384, h: 64 },
  mode: { x: 72, user: 150, kernel: 208 },
  crossing: { x: 24, top: 156, bottom: 218, label: [4, 128] },
  switches: { x: 396, y: 200, anchor: 'end' },
  places: {
    'user-buffer': { x: 118, y: 96, w: 142, h: 40 },
    'user-mapping': { x: 118, y: 142, w: 142, h: 40 },
    receiver: { x: 300, y: 96, w: 92, h: 40 },
    'page-cache': { x: 8, y: 226, w: 130, h: 72 },
    pipe: { x: 166, y: 234, w: 78, h: 60 },
    'socket-buffer': { x: 268, y: 230, w: 124, h: 64 },
    disk: { x: 8, y: 422, w: 92, h: 58 },
    cpu: { x: 134, y: 418, w: 130, h: 62 },
    'nic-ring': { x: 296, y: 422, w: 96, h: 58 },
    wire: { x: 330, y: 490, w: 30, h: 22, bare: true },
  },
  engines: { 'disk-dma': { x: 8, y: 356, w: 84, h: 30 }, 'nic-dma': { x: 308, y: 356, w: 84, h: 30 } },
  ways: {
    'dma disk>page-cache': { d: 'M50 424 V300', label: [60, 344, 'start'] },
    'user-buffer>page-cache': { d: 'M118 116 C96 116 92 160 92 224', label: [4, 162, 'start'] },
    'page-cache>disk': { d: 'M40 294 V418', label: [60, 344, 'start'] },
    'pio page-cache>disk': { d: 'M112 294 C120 350 160 360 160 412 M134 460 H106', label: [150, 346, 'start'] },
    'pio disk>page-cache': { d: 'M100 460 H130 M160 418 C160 360 120 350 112 300', label: [150, 346, 'start'] },
    'page-cache>user-buffer': { d: 'M92 230 C92 160 96 116 112 116', label: [4, 162, 'start'] },
    'page-cache>user-mapping': { d: 'M116 230 C116 200 96 162 112 162', label: [4, 162, 'start'] },
    'user-mapping>page-cache': { d: 'M118 162 C96 162 116 200 116 224', label: [4, 162, 'start'] },
    'user-buffer>socket-buffer': { d: 'M260 116 C300 116 316 160 318 224', label: [396, 160, 'end'] },
    'user-mapping>socket-buffer': { d: 'M260 162 C284 162 292 190 294 224', label: [396, 160, 'end'] },
    'page-cache>pipe': { d: 'M138 268 H160', label: [152, 216, 'middle'] },
    'pipe>socket-buffer': { d: 'M244 268 H262', label: [254, 216, 'middle'] },
    'page-cache>socket-buffer': { d: 'M138 244 C180 218 230 218 264 244', label: [202, 216, 'middle'] },
    'socket-buffer>nic-ring': { d: 'M286 294 C286 360 290 420 312 420', label: [280, 340, 'end'] },
    'dma socket-buffer>nic-ring': { d: 'M350 294 V418', label: [342, 344, 'end'] },
    'pio socket-buffer>nic-ring': { d: 'M290 294 C290 360 230 360 214 414 M264 460 H290', label: [250, 346, 'end'] },
    'page-cache>nic-ring': { d: 'M110 294 C130 350 220 340 304 368 M350 386 V418', label: [206, 330, 'middle'] },
    'socket-buffer>socket-buffer': { d: 'M310 230 C304 196 376 196 372 224', label: [396, 200, 'end'] },
    'receive socket-buffer>user-buffer': { d: 'M360 230 V142', label: [396, 180, 'end'] },
    'socket-buffer>user-buffer': { d: 'M282 230 C282 190 286 126 266 124', label: [396, 160, 'end'] },
    'dma disk>user-buffer': { d: 'M50 424 V386 M84 356 C90 310 152 336 152 286 V226 C152 196 100 204 98 150 C97 126 100 116 112 116', label: [160, 330, 'start'] },
    'pio disk>user-buffer': { d: 'M100 460 H130 M160 418 C160 370 152 340 152 290 V226 C152 196 100 204 98 150 C97 126 100 116 112 116', label: [166, 346, 'start'] },
    'user-buffer>user-buffer': { d: 'M260 102 C294 98 294 136 266 130', label: [266, 154, 'start'] },
    'user-buffer>nic-ring': { d: 'M260 126 C290 146 256 190 256 230 V300 C256 340 300 334 326 352 M350 386 V418', label: [250, 332, 'end'] },
    'wire>socket-buffer': { d: 'M352 510 V484 M332 422 V390 M332 356 V300', label: [324, 344, 'end'] },
    'pio nic-ring>socket-buffer': { d: 'M296 460 H268 M214 418 C230 356 300 366 300 300', label: [250, 346, 'end'] },
    'socket-buffer>pipe': { d: 'M268 252 H250', label: [254, 216, 'middle'] },
    'pipe>pipe': { d: 'M186 294 C182 324 228 324 224 300', label: [205, 336, 'middle'] },
    'nic-ring>wire': { d: 'M344 478 V506', label: [330, 500, 'end'] },
    'interrupt disk>cpu': { line: [100, 448, 128], label: [116, 498, 'middle'] },
    'interrupt nic-ring>cpu': { line: [296, 448, 270], label: [280, 498, 'middle'] },
    'device-command cpu>disk': { d: 'M134 470 H106', label: [116, 498, 'middle'] },
    'device-command cpu>nic-ring': { d: 'M264 470 H290', label: [280, 498, 'middle'] },
  },
};

export const layouts = { wide, narrow };

// way finds the route of an event in a layout: the receiver's own, which has
// memory of its own, then the one of its kind, then the one that all kinds share.
export function way(layout, { kind, from, to, endpoint }) {
  const ends = `${from}>${to}`;
  const own = endpoint === 'receiver' ? layout.ways[`receive ${ends}`] : null;
  return own ?? layout.ways[`${kind} ${ends}`] ?? layout.ways[ends] ?? null;
}
