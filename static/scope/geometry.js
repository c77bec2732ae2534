// Where everything is: places never move between steps, lanes or lessons.
// There are two drawings of the same machine, a wide and a narrow one; both
// keep the bands in the order user, kernel, hardware, the disk left, the NIC
// right, the CPU between them.
//
// ways are the routes between places, one path each, by kind where kinds of
// motion between the same places go different ways. Units: SVG user units.

const wide = {
  name: 'wide',
  width: 1040,
  height: 330,
  bands: { user: [0, 106], kernel: [106, 212], hardware: [212, 330] },
  cells: 10,
  listing: { x: 70, y: 10, w: 404, h: 82 },
  mode: { x: 38, user: 70, kernel: 152 },
  crossing: { x: 222, top: 86, bottom: 146, label: [236, 138] },
  switches: { x: 1030, y: 100, anchor: 'end' },
  places: {
    'user-buffer': { x: 540, y: 8, w: 190, h: 42 },
    'user-mapping': { x: 540, y: 57, w: 190, h: 42 },
    receiver: { x: 880, y: 8, w: 150, h: 42 },
    'page-cache': { x: 280, y: 124, w: 190, h: 68 },
    pipe: { x: 548, y: 136, w: 150, h: 56 },
    'socket-buffer': { x: 790, y: 124, w: 200, h: 68 },
    disk: { x: 70, y: 254, w: 124, h: 58 },
    cpu: { x: 420, y: 254, w: 196, h: 62 },
    'nic-ring': { x: 836, y: 254, w: 154, h: 58 },
    wire: { x: 1004, y: 268, w: 30, h: 30, bare: true },
  },
  engines: { 'disk-dma': { x: 226, y: 266, w: 96, h: 32 }, 'nic-dma': { x: 690, y: 266, w: 96, h: 32 } },
  ways: {
    'dma disk>page-cache': { d: 'M194 282 C290 282 356 262 366 200', label: [372, 236, 'start'] },
    'pio disk>page-cache': { d: 'M194 304 C250 324 340 322 414 300 M452 254 C452 232 440 214 430 198', label: [462, 240, 'start'] },
    'page-cache>user-buffer': { d: 'M486 132 C508 122 480 30 534 30', from: [470, 136], label: [496, 102, 'start'] },
    'page-cache>user-mapping': { d: 'M470 150 C510 150 500 78 534 78', label: [512, 122, 'start'] },
    'user-buffer>socket-buffer': { d: 'M730 28 C800 28 850 50 858 118', label: [742, 20, 'start'] },
    'user-mapping>socket-buffer': { d: 'M730 78 C790 78 812 90 820 118', label: [742, 70, 'start'] },
    'page-cache>pipe': { d: 'M470 164 H542', label: [508, 154, 'middle'] },
    'pipe>socket-buffer': { d: 'M698 164 H784', label: [742, 154, 'middle'] },
    'page-cache>socket-buffer': { d: 'M470 140 C540 112 720 112 784 138', label: [628, 116, 'middle'] },
    'socket-buffer>nic-ring': { d: 'M900 192 V248', label: [910, 226, 'start'] },
    'dma socket-buffer>nic-ring': { d: 'M826 192 C812 226 764 228 744 262 M786 282 H830', label: [806, 240, 'start'] },
    'pio socket-buffer>nic-ring': { d: 'M796 192 C770 224 640 226 600 252 M616 302 C690 322 790 320 832 300', label: [640, 236, 'end'] },
    'page-cache>nic-ring': { d: 'M440 192 C480 246 610 222 704 262 M786 282 H830', label: [560, 230, 'middle'] },
    'socket-buffer>user-buffer': { d: 'M964 124 V56', label: [956, 92, 'end'] },
    'nic-ring>wire': { d: 'M990 282 H1030', label: [1030, 262, 'end'] },
    'interrupt disk>cpu': { line: [194, 300, 420, 300], label: [306, 322, 'middle'] },
    'interrupt nic-ring>cpu': { line: [836, 300, 616, 300], label: [726, 322, 'middle'] },
    'device-command cpu>disk': { d: 'M420 306 H200', label: [306, 324, 'middle'] },
    'device-command cpu>nic-ring': { d: 'M616 306 H830', label: [726, 324, 'middle'] },
  },
};

const narrow = {
  name: 'narrow',
  width: 400,
  height: 516,
  bands: { user: [0, 186], kernel: [186, 322], hardware: [322, 516] },
  cells: 6,
  listing: { x: 8, y: 24, w: 384, h: 64 },
  mode: { x: 28, user: 122, kernel: 214 },
  crossing: { x: 66, top: 152, bottom: 210, label: [4, 180] },
  switches: { x: 396, y: 200, anchor: 'end' },
  places: {
    'user-buffer': { x: 118, y: 96, w: 142, h: 40 },
    'user-mapping': { x: 118, y: 142, w: 142, h: 40 },
    receiver: { x: 300, y: 96, w: 92, h: 40 },
    'page-cache': { x: 8, y: 230, w: 130, h: 64 },
    pipe: { x: 166, y: 238, w: 78, h: 56 },
    'socket-buffer': { x: 268, y: 230, w: 124, h: 64 },
    disk: { x: 8, y: 424, w: 92, h: 54 },
    cpu: { x: 134, y: 418, w: 130, h: 62 },
    'nic-ring': { x: 296, y: 424, w: 96, h: 54 },
    wire: { x: 330, y: 490, w: 30, h: 22, bare: true },
  },
  engines: { 'disk-dma': { x: 8, y: 356, w: 84, h: 30 }, 'nic-dma': { x: 308, y: 356, w: 84, h: 30 } },
  ways: {
    'dma disk>page-cache': { d: 'M50 424 V300', label: [60, 344, 'start'] },
    'pio disk>page-cache': { d: 'M100 460 H130 M160 418 C160 360 120 350 112 300', label: [150, 346, 'start'] },
    'page-cache>user-buffer': { d: 'M92 230 C92 160 96 116 112 116', label: [4, 162, 'start'] },
    'page-cache>user-mapping': { d: 'M116 230 C116 200 96 162 112 162', label: [4, 162, 'start'] },
    'user-buffer>socket-buffer': { d: 'M260 116 C300 116 316 160 318 224', label: [396, 160, 'end'] },
    'user-mapping>socket-buffer': { d: 'M260 162 C284 162 292 190 294 224', label: [396, 160, 'end'] },
    'page-cache>pipe': { d: 'M138 268 H160', label: [152, 216, 'middle'] },
    'pipe>socket-buffer': { d: 'M244 268 H262', label: [254, 216, 'middle'] },
    'page-cache>socket-buffer': { d: 'M138 244 C180 218 230 218 264 244', label: [202, 216, 'middle'] },
    'socket-buffer>nic-ring': { d: 'M286 294 C286 360 290 420 312 420', label: [280, 340, 'end'] },
    'dma socket-buffer>nic-ring': { d: 'M350 294 V418', label: [342, 344, 'end'] },
    'pio socket-buffer>nic-ring': { d: 'M290 294 C290 360 230 360 214 414 M264 460 H290', label: [250, 346, 'end'] },
    'page-cache>nic-ring': { d: 'M110 294 C130 350 220 340 304 368 M350 386 V418', label: [206, 330, 'middle'] },
    'socket-buffer>user-buffer': { d: 'M360 230 V142', label: [396, 180, 'end'] },
    'nic-ring>wire': { d: 'M344 478 V506', label: [330, 500, 'end'] },
    'interrupt disk>cpu': { line: [100, 452, 134, 452], label: [116, 498, 'middle'] },
    'interrupt nic-ring>cpu': { line: [296, 452, 264, 452], label: [280, 498, 'middle'] },
    'device-command cpu>disk': { d: 'M134 470 H106', label: [116, 498, 'middle'] },
    'device-command cpu>nic-ring': { d: 'M264 470 H290', label: [280, 498, 'middle'] },
  },
};

export const layouts = { wide, narrow };

// way finds the route of an event in a layout: first the one of its kind, then
// the one that all kinds share.
export function way(layout, { kind, from, to }) {
  return layout.ways[`${kind} ${from}>${to}`] ?? layout.ways[`${from}>${to}`] ?? null;
}
