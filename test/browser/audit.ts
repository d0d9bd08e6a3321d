import assert from 'node:assert/strict'
import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Wide, a phone, and as narrow as WCAG 2.2 requires (1.4.10; the same as 1280 pixels enlarged fourfold). */
const WIDTHS = [1280, 390, 320]

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
  const rules = { 'target-size': { enabled: true }, 'color-contrast': { enabled: false } }
  const most = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify({ runOnly: RULES, rules })})`)
  const contrast = await page.evaluate<AxeResults>(judgeContrast)
  assert.ok(
    contrast.passes.length + contrast.violations.length > 0,
    `axe-core has judged the contrast of ${page.url()}`,
  )
  return [most, contrast]
    .flatMap((results) => [...results.violations, ...results.incomplete])
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** axe-core judges the contrast of Latin letters only, so each letter becomes one while it does. */
const judgeContrast = `(async () => {
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const texts = []
  while (nodes.nextNode()) texts.push([nodes.currentNode, nodes.currentNode.data])
  for (const [node, text] of texts) node.data = text.replace(/\\p{L}/gu, 'n')
  const results = await axe.run({ runOnly: { type: 'rule', values: ['color-contrast'] } })
  for (const [node, text] of texts) node.data = text
  return results
})()`
