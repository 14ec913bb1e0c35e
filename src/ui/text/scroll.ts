import type { KeyTable } from '../keys/key-table.ts';

export type ScrollAction = 'line-up' | 'line-down' | 'page-up' | 'page-down' | 'to-start' | 'to-end';

export const SCROLL_KEYS: KeyTable<ScrollAction> = [
  { keys: ['up', 'k'], action: 'line-up', label: 'up', quiet: true },
  { keys: ['down', 'j'], action: 'line-down', label: 'down', quiet: true },
  { keys: ['page-up', 'ctrl-b'], action: 'page-up', label: 'page up', quiet: true },
  { keys: ['page-down', 'ctrl-f', ' '], action: 'page-down', label: 'page down', quiet: true },
  { keys: ['home', 'g'], action: 'to-start', label: 'to the start', quiet: true },
  { keys: ['end', 'G'], action: 'to-end', label: 'to the end', quiet: true },
];

/** A position after a scroll key, within `0..last`. @param page - lines in sight */
export function scrolled(position: number, action: ScrollAction, page: number, last: number): number {
  const to = {
    'line-up': position - 1,
    'line-down': position + 1,
    'page-up': position - Math.max(1, page - 1),
    'page-down': position + Math.max(1, page - 1),
    'to-start': 0,
    'to-end': last,
  }[action];
  return Math.max(0, Math.min(last, to));
}

/** The first line in sight, moved no more than it takes to have `selected` in sight. */
export function topFor(selected: number, top: number, height: number, count: number): number {
  const lowest = Math.max(0, count - height);
  const shown = selected < top ? selected : selected >= top + height ? selected - height + 1 : top;
  return Math.max(0, Math.min(lowest, shown));
}
