import { chromium, type Browser } from 'playwright-core'

/** The browser of the walks: `CHROMIUM`, or else Debian's. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP references.test localhost', // a name to which plain HTTP is as insecure as it is
    ],
  })
}
