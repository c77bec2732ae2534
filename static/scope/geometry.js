// Where everything is: places never move between steps, lanes or lessons.
// There are two drawings of the same machine, a wide and a narrow one; both
// keep the bands in the order user, kernel, hardware, the disk left, the NIC
// right, the CPU between them.
//
// ways are the routes between places, one path each, by kind where kinds of
// motion between the same places go different ways. A line is a horizontal
// track, [from, y, to], that an interrupt has to itself. A label is [x, y, anchor,
// width]: one that has a width is broken to fit it, upwards. A band is [top, bottom]
// and 'end' if its name is at the right. font is the size of all words, and aside what
// a place's note takes beside its cells. Units: SVG user units.

const wide = {
  name: 'wide',
  width: 1040,
  height: 310,
  bands: { user: [0, 100], kernel: [100, 196], hardware: [196, 310] },
  cells: 10,
  font: 14.1,
  listing: { x: 70, y: 6, w: 404, h: 88 },
  mode: { x: 30, user: 62, kernel: 150, r: 18 },
  crossing: { x: 60, top: 76, bottom: 142, label: [76, 148, 'start', 190] },
  switches: { x: 76, y: 117, anchor: 'start' },
  places: {
    'user-buffer': { x: 540, y: 6, w: 190, h: 40 },
    'user-mapping': { x: 540, y: 53, w: 190, h: 40 },
    receiver: { x: 880, y: 6, w: 150, h: 40 },
    'page-cache': { x: 280, y: 103, w: 190, h: 80 },
    pipe: { x: 548, y: 128, w: 150, h: 56 },
    'socket-buffer': { x: 790, y: 116, w: 200, h: 64 },
    disk: { x: 70, y: 230, w: 128, h: 62 },
    cpu: { x: 420, y: 230, w: 196, h: 62 },
    'nic-ring': { x: 836, y: 230, w: 154, h: 62 },
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
    'page-cache>pipe': { d: 'M470 160 H542', label: [476, 122, 'start'] },
    'pipe>socket-buffer': { d: 'M698 160 H784', label: [784, 127, 'end'] },
    'page-cache>socket-buffer': { d: 'M470 138 C540 120 720 120 784 136', label: [628, 112, 'middle'] },
    'socket-buffer>nic-ring': { d: 'M900 180 V224', label: [910, 210, 'start'] },
    'dma socket-buffer>nic-ring': { d: 'M830 180 C816 210 766 206 744 230 M786 245 H830', label: [822, 212, 'start'] },
    'pio socket-buffer>nic-ring': { d: 'M796 180 C770 208 640 204 604 226 M616 270 H830', label: [652, 201, 'end'] },
    'page-cache>nic-ring': { d: 'M430 180 C470 232 610 196 704 230 M786 245 H830', label: [592, 194, 'middle'] },
    'socket-buffer>socket-buffer': { d: 'M990 132 C1034 128 1034 172 996 166', label: [1036, 194, 'end'] },
    'receive socket-buffer>user-buffer': { d: 'M964 116 V52', label: [956, 86, 'end'] },
    'socket-buffer>user-buffer': { d: 'M824 116 C820 70 790 40 736 38', label: [842, 66, 'start'] },
    'dma disk>user-buffer': { d: 'M198 245 H226 M322 245 C400 245 396 206 440 202 S506 190 506 150 V60 C506 40 512 30 534 30', label: [514, 118, 'start'] },
    'pio disk>user-buffer': { d: 'M198 270 H414 M476 230 C476 204 506 190 506 150 V60 C506 40 512 30 534 30', label: [514, 118, 'start'] },
    'user-buffer>user-buffer': { d: 'M730 12 C786 6 786 46 736 40', label: [780, 20, 'start'] },
    'user-buffer>nic-ring': { d: 'M730 38 C786 52 750 120 740 224 M786 245 H830', label: [734, 122, 'end'] },
    'wire>socket-buffer': { d: 'M1032 252 H998 M836 258 H790 M716 230 C730 196 790 210 806 186', label: [704, 212, 'end'] },
    'pio nic-ring>socket-buffer': { d: 'M836 270 H620 M604 230 C640 204 760 212 790 186', label: [652, 201, 'end'] },
    'socket-buffer>pipe': { d: 'M790 146 H704', label: [784, 127, 'end'] },
    'pipe>pipe': { d: 'M590 184 C586 212 660 212 656 190', label: [623, 218, 'middle'] },
    'nic-ring>wire': { d: 'M990 258 H1030', label: [1030, 238, 'end'] },
    'interrupt disk>cpu': { line: [198, 270, 412], label: [372, 258, 'middle'] },
    'interrupt nic-ring>cpu': { line: [836, 270, 624], label: [653, 258, 'middle'] },
    'device-command cpu>disk': { d: 'M420 286 H204', label: [306, 304, 'middle'] },
    'device-command cpu>nic-ring': { d: 'M616 286 H830', label: [726, 304, 'middle'] },
  },
};

const narrow = {
  name: 'narrow',
  width: 400,
  height: 562,
  bands: { user: [0, 206], kernel: [206, 358, 'end'], hardware: [358, 562] },
  cells: 6,
  font: 15,
  listing: { x: 8, y: 24, w: 384, h: 76 },
  mode: { x: 64, user: 165, kernel: 224, r: 17 },
  crossing: { x: 24, top: 172, bottom: 238, label: [4, 141, 'start', 86] },
  switches: { x: 190, y: 221, anchor: 'middle' },
  places: {
    'user-buffer': { x: 118, y: 106, w: 150, h: 44, aside: 62 },
    'user-mapping': { x: 118, y: 156, w: 150, h: 44, aside: 62 },
    receiver: { x: 284, y: 106, w: 108, h: 44, aside: 62 },
    'page-cache': { x: 8, y: 244, w: 130, h: 92 },
    pipe: { x: 166, y: 254, w: 78, h: 76 },
    'socket-buffer': { x: 266, y: 250, w: 128, h: 80 },
    disk: { x: 6, y: 446, w: 86, h: 80 },
    cpu: { x: 120, y: 446, w: 140, h: 80 },
    'nic-ring': { x: 288, y: 446, w: 106, h: 80 },
    wire: { x: 330, y: 536, w: 30, h: 22, bare: true },
  },
  engines: { 'disk-dma': { x: 6, y: 392, w: 88, h: 30 }, 'nic-dma': { x: 306, y: 392, w: 88, h: 30 } },
  ways: {
    'dma disk>page-cache': { d: 'M88 450 V342', label: [102, 382, 'start'] },
    'user-buffer>page-cache': { d: 'M118 128 C96 128 92 176 92 244', label: [4, 178, 'start', 86] },
    'page-cache>disk': { d: 'M88 330 V440', label: [102, 382, 'start'] },
    'pio page-cache>disk': { d: 'M112 330 C120 386 160 396 160 440 M120 516 H98', label: [150, 382, 'start'] },
    'pio disk>page-cache': { d: 'M92 506 H114 M160 446 C160 396 120 386 112 342', label: [150, 382, 'start'] },
    'page-cache>user-buffer': { d: 'M92 250 C92 176 96 128 112 128', label: [4, 178, 'start', 86] },
    'page-cache>user-mapping': { d: 'M116 250 C116 220 96 178 112 178', label: [4, 178, 'start', 86] },
    'user-mapping>page-cache': { d: 'M118 178 C96 178 116 220 116 244', label: [4, 178, 'start', 86] },
    'user-buffer>socket-buffer': { d: 'M268 128 C296 128 306 176 308 244', label: [397, 192, 'end', 74] },
    'user-mapping>socket-buffer': { d: 'M268 178 C284 178 292 210 294 244', label: [396, 192, 'end', 90] },
    'page-cache>pipe': { d: 'M138 288 H160', label: [98, 238, 'start'] },
    'pipe>socket-buffer': { d: 'M244 288 H260', label: [254, 236, 'middle'] },
    'page-cache>socket-buffer': { d: 'M138 264 C180 238 230 238 260 264', label: [202, 236, 'middle'] },
    'socket-buffer>nic-ring': { d: 'M286 330 C286 396 290 440 312 440', label: [280, 376, 'end'] },
    'dma socket-buffer>nic-ring': { d: 'M350 330 V440', label: [342, 366, 'end'] },
    'pio socket-buffer>nic-ring': { d: 'M290 330 C290 396 230 396 214 440 M260 506 H282', label: [250, 381, 'end', 104] },
    'page-cache>nic-ring': { d: 'M110 330 C130 386 220 376 304 404 M350 422 V440', label: [150, 359, 'start', 184] },
    'socket-buffer>socket-buffer': { d: 'M310 250 C304 222 376 222 372 244', label: [300, 238, 'end'] },
    'receive socket-buffer>user-buffer': { d: 'M326 250 V156', label: [334, 200, 'start', 54] },
    'socket-buffer>user-buffer': { d: 'M282 250 C282 210 290 139 274 137', label: [396, 192, 'end', 90] },
    'dma disk>user-buffer': { d: 'M50 450 V422 M84 392 C90 346 152 372 152 306 V246 C152 216 100 224 98 165 C97 139 100 128 112 128', label: [160, 366, 'start'] },
    'pio disk>user-buffer': { d: 'M92 506 H114 M160 446 C160 406 152 376 152 315 V246 C152 216 100 224 98 165 C97 139 100 128 112 128', label: [166, 382, 'start'] },
    'user-buffer>user-buffer': { d: 'M268 113 C300 108 300 150 274 143', label: [274, 169, 'start'] },
    'user-buffer>nic-ring': { d: 'M268 139 C294 160 256 210 256 250 V336 C256 376 300 370 326 388 M350 422 V440', label: [250, 368, 'end'] },
    'wire>socket-buffer': { d: 'M352 556 V530 M332 450 V426 M332 392 V336', label: [324, 380, 'end'] },
    'pio nic-ring>socket-buffer': { d: 'M288 506 H266 M214 446 C230 392 300 402 300 336', label: [250, 381, 'end', 104] },
    'socket-buffer>pipe': { d: 'M266 272 H250', label: [254, 236, 'middle'] },
    'pipe>pipe': { d: 'M186 330 C182 360 228 360 224 336', label: [205, 372, 'middle'] },
    'nic-ring>wire': { d: 'M344 524 V552', label: [326, 548, 'end'] },
    'interrupt disk>cpu': { line: [92, 494, 114], label: [116, 544, 'middle'] },
    'interrupt nic-ring>cpu': { line: [288, 494, 266], label: [280, 544, 'middle'] },
    'device-command cpu>disk': { d: 'M120 516 H98', label: [116, 544, 'middle'] },
    'device-command cpu>nic-ring': { d: 'M260 516 H282', label: [280, 544, 'middle'] },
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
