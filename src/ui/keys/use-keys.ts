import { createContext, useContext, useLayoutEffect, useRef } from 'react';
import { type KeyPress, singleKeys } from './key-press.ts';
import { actionOf, type KeyTable } from './key-table.ts';

/** Who hears a key first: an overlay, then the field with the cursor, then the screen. */
export type KeyLayer = 'overlay' | 'field' | 'screen';

const ORDER: readonly KeyLayer[] = ['overlay', 'field', 'screen'];

/** True when the key was taken. */
export type KeyHandler = (press: KeyPress) => boolean;

/** Hands keys to those who listen now. One a screen, made by the root. */
export interface KeyHub {
  listen(layer: KeyLayer, handler: KeyHandler): () => void;
  press(press: KeyPress): void;
}

export function createKeyHub(): KeyHub {
  const listeners = new Map<KeyLayer, Set<KeyHandler>>(ORDER.map((layer) => [layer, new Set()]));
  return {
    listen: (layer, handler) => {
      listeners.get(layer)?.add(handler);
      return () => listeners.get(layer)?.delete(handler);
    },
    press: (press) => {
      for (const layer of ORDER) {
        // The newest first: it lies on top.
        for (const handler of [...(listeners.get(layer) ?? [])].toReversed()) if (handler(press)) return;
      }
    },
  };
}

export const KeyHubContext = createContext<KeyHub>(createKeyHub());

export interface UseKeysOptions {
  readonly isActive?: boolean;
  readonly layer?: KeyLayer;
}

/** Hears key presses raw, while the component is shown and active. */
export function useKeyPress(handler: KeyHandler, options: UseKeysOptions = {}): void {
  const { isActive = true, layer = 'screen' } = options;
  const hub = useContext(KeyHubContext);
  const latest = useRef(handler);
  useLayoutEffect(() => {
    latest.current = handler;
  });
  // Before the frame is out, so that a key that answers it is heard.
  useLayoutEffect(() => {
    if (!isActive) return;
    return hub.listen(layer, (press) => latest.current(press));
  }, [hub, isActive, layer]);
}

/** Calls `onAction` for each key that the table knows. Keys typed ahead are taken one by one. */
export function useKeys<Action extends string>(
  table: KeyTable<Action>,
  onAction: (action: Action) => void,
  options: UseKeysOptions = {},
): void {
  useKeyPress((press) => {
    let taken = false;
    for (const key of singleKeys(press)) {
      const action = actionOf(table, key);
      if (action === undefined) continue;
      taken = true;
      onAction(action);
    }
    return taken;
  }, options);
}
