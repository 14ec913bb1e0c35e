import { ADD_WIZARD } from './add-wizard.tsx';
import { COMPONENTS } from './components.tsx';
import { CONFLICT } from './conflict.tsx';
import { DASHBOARD } from './dashboard.tsx';
import type { GalleryScreen } from './gallery-screen.ts';
import { GUARD } from './guard.tsx';
import { SYNC } from './sync.tsx';

/** Every screen of s4. A new one is added here, and has frames and a place in the gallery at once. */
export const GALLERY: readonly GalleryScreen[] = [
  // One a line.
  ...ADD_WIZARD,
  ...COMPONENTS,
  ...CONFLICT,
  ...DASHBOARD,
  ...GUARD,
  ...SYNC,
];
