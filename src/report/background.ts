type Env = Readonly<Record<string, string | undefined>>;

/** `S4_THEME` says `dark` or `light`; else `COLORFGBG`, which some terminals set, is asked; else the background is dark. */
export function isLightBackground(env: Env): boolean {
  const wish = env['S4_THEME'];
  if (wish === 'light' || wish === 'dark') return wish === 'light';
  // `foreground;background` or `foreground;other;background`, of the sixteen colours.
  const background = Number.parseInt(env['COLORFGBG']?.split(';').at(-1) ?? '', 10);
  return background === 7 || (background >= 9 && background <= 15);
}
