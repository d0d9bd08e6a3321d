import { createHash } from 'node:crypto'
import { palettesOf, type Brand, type Palettes } from './brand.js'
import { Html } from './html.js'

function cssFor({ light, dark }: Palettes): string {
  return `
:root { color-scheme: light dark; --ink: ${light.ink}; --paper: ${light.paper}; --soft: #595959; --line: #767676; --act: ${light.act}; --on-act: ${light.onAct}; --link: ${light.link}; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: ${dark.ink}; --paper: ${dark.paper}; --soft: #b8b8b8; --line: #8c8c8c; --act: ${dark.act}; --on-act: ${dark.onAct}; --link: ${dark.link}; --bad: #ffb4ab }
}
* { box-sizing: border-box }
body { margin: 0; padding: clamp(1.5rem, 6vw, 4rem) 1.5rem; font: 1.0625rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
main, .brand { max-width: 30rem; margin: 0 auto; overflow-wrap: break-word }
.brand { margin-block-end: 2rem; font-weight: 600 }
.brand img { display: block; max-width: 100%; height: 3rem; object-fit: contain; object-position: left }
[dir=rtl] .brand img { object-position: right }
.brand a { display: inline-block }
h1 { font-size: 1.5rem; line-height: 1.25 }
label { display: block; margin-block: 1.25rem .375rem; font-weight: 600 }
input { width: 100%; padding: .625rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .25rem }
input[aria-invalid], input:user-invalid { border: 2px solid var(--bad) }
.notice { padding-inline-start: .75rem; border-inline-start: 4px solid var(--act) }
.hint { margin-block: 0 .375rem; color: var(--soft) }
.error { margin-block: .5rem 0; font-weight: 600; color: var(--bad) }
[role=alert] { padding-inline-start: .75rem; border-inline-start: 4px solid var(--bad) }
button, .button { display: inline-block; margin-block-start: 1.5rem; padding: .75rem 1.5rem; font: inherit; font-weight: 600; text-decoration: none; color: var(--on-act); background: var(--act); border: 1px solid transparent; border-radius: .25rem; cursor: pointer }
.secondary { color: var(--ink); background: transparent; border-color: var(--line) }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
a { color: var(--link) }
`
}

/** A style sheet in the page. */
export interface Style {
  readonly element: Html
  /** What a Content-Security-Policy says to admit it, and no other (CSP Level 3, §2.3.1). */
  readonly source: string
}

const styles = new Map<string, Style>()

/**
 * The style sheet of our pages, in the colours of the brand; in the page, so that nothing has to be served beside it.
 *
 * @param more rules at its end: a text of the code, as each is kept
 */
export function styleFor(brand: Brand | undefined, more = ''): Style {
  const key = JSON.stringify([brand?.color, more])
  const known = styles.get(key)
  if (known !== undefined) return known
  const css = cssFor(palettesOf(brand)) + more
  const style = {
    element: new Html(`<style>${css}</style>`),
    source: `'sha256-${createHash('sha256').update(css).digest('base64')}'`,
  }
  styles.set(key, style)
  return style
}
