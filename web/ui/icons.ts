// Our own few icons, as strokes on a 20 by 20 grid.

export const ICONS = {
  proven: 'M4.5 10.5l3.6 3.6 7.4-8.2',
  refused: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  attention: 'M10 3.2l7.4 13.1H2.6L10 3.2zM10 8.2v3.6M10 14v.2',
  unchecked: 'M10 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM7.5 10h5',
  simulated: 'M8 3h4M8.8 3v5L4.6 15.2A1.2 1.2 0 0 0 5.6 17h8.8a1.2 1.2 0 0 0 1-1.8L11.2 8V3M6.6 12.5h6.8',
  waiting: 'M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM10 6.5V10l2.4 1.8',
  note: 'M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM10 9.3v4M10 6.6v.2',
  next: 'M4 10h11.5M11 5.5l4.5 4.5-4.5 4.5',
  back: 'M16 10H4.5M9 5.5L4.5 10 9 14.5',
  open: 'M5.5 8l4.5 4.5L14.5 8',
  copy: 'M7.5 7.5h8v8h-8zM4.5 12.5v-8h8',
  file: 'M5.5 3h6l3 3v11h-9zM11.5 3v3h3',
  drop: 'M10 3.5v8.5M6.4 8.6L10 12.2l3.6-3.6M4 14.5v2h12v-2',
  plug: 'M7 3.5V7M13 3.5V7M5 7h10v2.5a5 5 0 0 1-10 0zM10 14.5v2.5',
  chip: 'M6 6h8v8H6zM8 3.5V6M12 3.5V6M8 14v2.5M12 14v2.5M3.5 8H6M3.5 12H6M14 8h2.5M14 12h2.5',
  key: 'M7 9.5a3 3 0 1 1 0 .01M10 9.5h6.5M14 9.5v3M16.5 9.5v2',
  lock: 'M5.5 9h9v7.5h-9zM7.2 9V6.6a2.8 2.8 0 0 1 5.6 0V9',
  run: 'M6.5 4.5l9 5.5-9 5.5z',
  list: 'M7.5 5.5h9M7.5 10h9M7.5 14.5h9M3.8 5.5h.2M3.8 10h.2M3.8 14.5h.2',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  show: 'M2.5 10S5.3 5.2 10 5.2 17.5 10 17.5 10 14.7 14.8 10 14.8 2.5 10 2.5 10zM10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4z',
  again: 'M15.8 8.5A6 6 0 1 0 16 11M16.2 4.5v4h-4',
  dice: 'M4.5 4.5h11v11h-11zM7.8 7.8h.1M12.2 7.8h.1M7.8 12.2h.1M12.2 12.2h.1M10 10h.1',
  save: 'M10 3.5v8.5M6.4 8.6L10 12.2l3.6-3.6M4 16.5h12',
  away: 'M4.5 6h11M8 6V4h4v2M6 6l.8 10.5h6.4L14 6',
} as const;

export type IconName = keyof typeof ICONS;
