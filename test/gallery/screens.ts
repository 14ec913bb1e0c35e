import { ADD_WIZARD } from './add-wizard.tsx';
import { COMPONENTS } from './components.tsx';
import { DASHBOARD } from './dashboard.tsx';
import type { GalleryScreen } from './gallery-screen.ts';
import { SYNC } from './sync.tsx';

/** Every screen of s4. A new one is added here, and has frames and a place in the gallery at once. */
export const GALLERY: readonly GalleryScreen[] = [...COMPONENTS, ...SYNC, ...ADD_WIZARD, ...DASHBOARD];
