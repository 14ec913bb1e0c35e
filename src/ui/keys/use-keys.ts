import { createContext, useContext, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { KeyPress } from './key-press.ts';
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

/** Calls `onAction` for each key that the table knows. */
export function useKeys<Action extends string>(
  table: KeyTable<Action>,
  onAction: (action: Action) => void,
  options: UseKeysOptions = {},
): void {
  useKeyPress((press) => {
    const action = press.kind === 'key' ? actionOf(table, press.name) : undefined;
    if (action !== undefined) onAction(action);
    return action !== undefined;
  }, options);
}

/**
 * Hands presses on one by one, each after what the last one changed is in place: `b` and Enter, read together, mean Enter
 * at what `b` went to. What is left when the screen ends is nobody's.
 */
export function usePressQueue(handle: (press: KeyPress) => void): (presses: readonly KeyPress[]) => void {
  const waiting = useRef<KeyPress[]>([]);
  const [turn, setTurn] = useState(0);
  // A turn is committed together with whatever the press before it changed. Only then the next one is looked at.
  // biome-ignore lint/correctness/useExhaustiveDependencies: one press a turn
  useEffect(() => {
    const press = waiting.current.shift();
    if (press === undefined) return;
    handle(press);
    setTurn((n) => n + 1);
  }, [turn]);
  return (presses) => {
    waiting.current.push(...presses);
    setTurn((n) => n + 1);
  };
}
