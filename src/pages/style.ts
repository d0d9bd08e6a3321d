import { createHash } from 'node:crypto'
import { Html } from './html.js'

const CSS = `
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --soft: #595959; --line: #767676; --act: #0b57d0; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --paper: #1a1a1a; --soft: #b8b8b8; --line: #8c8c8c; --act: #a8c7fa; --bad: #ffb4ab }
}
* { box-sizing: border-box }
body { margin: 0; padding: clamp(1.5rem, 6vw, 4rem) 1.5rem; font: 1.0625rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
main { max-width: 30rem; margin: 0 auto; overflow-wrap: break-word }
h1 { font-size: 1.5rem; line-height: 1.25 }
label { display: block; margin: 1.25rem 0 .375rem; font-weight: 600 }
input { width: 100%; padding: .625rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .25rem }
input[aria-invalid] { border: 2px solid var(--bad) }
.hint { margin: 0 0 .375rem; color: var(--soft) }
.error { margin: .5rem 0 0; font-weight: 600; color: var(--bad) }
[role=alert] { padding-left: .75rem; border-left: 4px solid var(--bad) }
button { margin-top: 1.5rem; padding: .75rem 1.5rem; font: inherit; font-weight: 600; color: var(--paper); background: var(--act); border: 1px solid transparent; border-radius: .25rem; cursor: pointer }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
a { color: var(--act) }
`

/** The one style sheet of our pages; in the page, so that nothing has to be served beside it. */
export const styleElement = new Html(`<style>${CSS}</style>`)

/** What a Content-Security-Policy says to admit it, and no other (CSP Level 3, §2.3.1). */
export const styleSource = `'sha256-${createHash('sha256').update(CSS).digest('base64')}'`
