// A real Chromium without a window, in a profile of its own that is thrown away.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** The first Chromium of the machine; undefined: none. */
export const chromiumPath: string | undefined = (process.env['PATH'] ?? '').split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((file) => existsSync(file));

/** Containers run as root and have no GPU; the rest keeps Chromium itself from calling home. */
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
];

const VIEWPORT = { width: 1500, height: 900 };

export const openChromium = async (profile: string): Promise<BrowserContext> => {
  const context = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath!, args: ARGS, viewport: VIEWPORT });
  context.setDefaultTimeout(15_000);
  return context;
};
