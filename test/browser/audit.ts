import assert from 'node:assert/strict'
import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Wide, and as narrow as WCAG 2.2 requires (1.4.10; the same as 1280 pixels enlarged fourfold). */
const WIDTHS = [1280, 320]

/** Checks a page with axe-core: light and dark, wide and narrow. Its browser context needs `bypassCSP`. */
export async function audit(page: Page): Promise<void> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 })
      const where = `${await page.title()}, ${colorScheme}, ${width} pixels`
      const needed = await page.evaluate<number>('document.documentElement.scrollWidth')
      if (needed > width) found.push(`${where}: ${needed} pixels wide`)
      found.push(...(await violations(page)).map((violation) => `${where}: ${violation}`))
    }
  }
  assert.deepEqual(found, [])
}

/** The violations, and the checks that axe-core could not decide. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source)
  const options = {
    runOnly: { type: 'tag', values: RULES },
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations', 'incomplete'],
  }
  const { violations, incomplete, passes } = await page.evaluate<AxeResults>(
    `axe.run(${JSON.stringify(options)})`,
  )
  assert.ok(
    passes.some(({ id }) => id === 'color-contrast'),
    'axe-core has run',
  )
  return [...violations, ...incomplete].map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`,
  )
}
