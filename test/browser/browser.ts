import { chromium, type Browser } from 'playwright-core'

/** Launches the browser: `CHROMIUM`, or Debian's. */
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
      '--host-resolver-rules=MAP references.test localhost', // a host name that browsers do not treat as secure over plain HTTP
    ],
  })
}
