/** What the operator's pages add to the style sheet of our pages: a wide layout, tables and bars. */
export const ADMIN_CSS = `
:root { --ground: #f3f5f8; --done: #1a7f37; --warn: #9a5b00; --gone: #767676; --merge: #8250df }
@media (prefers-color-scheme: dark) {
  :root { --ground: #26292e; --done: #57c77a; --warn: #e3b341; --gone: #9a9a9a; --merge: #bf9bff }
}
body { padding: 0 0 3rem; font-size: 1rem }
header.brand { max-width: 76rem; margin: 0 auto; padding: .75rem 1.25rem }
.menu { background: var(--ground); border-bottom: 1px solid var(--line) }
.menu nav { display: flex; flex-wrap: wrap; gap: 0 1.5rem; max-width: 76rem; margin: 0 auto; padding: 0 1.25rem }
.menu nav a { padding: .75rem 0 .625rem; color: inherit; text-decoration: none; border-bottom: .25rem solid transparent }
.menu nav a:hover { text-decoration: underline }
.menu nav a[aria-current] { font-weight: 600; border-color: var(--act) }
.menu p.hint { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem .5rem }
main { max-width: 76rem; padding: 1.5rem 1.25rem 0 }
main > p, main > form > p { max-width: 45rem }
h1, main p, button { overflow-wrap: anywhere }
h1 { margin: 0 0 1rem }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.1875rem }
h2 + p { margin-top: 0 }
input, select { width: auto; max-width: 100%; min-height: 2.75rem; padding: .5rem .625rem }
select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .25rem }
input[type=checkbox] { width: 1.375rem; height: 1.375rem; min-height: 0; margin: 0; margin-inline-end: .375rem; accent-color: var(--act); vertical-align: middle }
label { margin: 0 0 .25rem }
label.tick { display: inline-block; margin: 0; padding: .25rem 0 }
button, .button { margin: 0; padding: .5625rem 1.125rem; min-height: 2.75rem }
[hidden] { display: none }
button.danger { color: var(--paper); background: var(--bad) }
.row { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: end; margin: 1rem 0 }
.row .row { margin: 0 }
.row .grow { flex: 1 1 16rem }
.row .grow input { width: 100% }
.fields { max-width: 30rem }
.fields input { width: 100% }
.fields label { margin-top: 1.25rem }
.fields button { margin-top: 1.5rem }
.hint { font-size: .9375rem }
.end { margin-block-start: 2rem }
.done { padding: .625rem .875rem; border-inline-start: 4px solid var(--done); background: var(--ground) }
.link { display: block; margin: .75rem 0; padding: .875rem; font-family: ui-monospace, monospace; overflow-wrap: anywhere; user-select: all; -webkit-user-select: all; background: var(--ground); border: 1px solid var(--line); border-radius: .25rem }
fieldset { margin: 1rem 0; padding: 0; border: 0 }
legend { padding: 0; font-weight: 600 }
pre { overflow-x: auto; padding: .75rem; background: var(--ground); white-space: pre-wrap; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .375rem 1.25rem; margin: 1rem 0 }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
.tag { display: inline-block; padding: .0625rem .5rem; font-size: .875rem; border: 1px solid currentColor; border-radius: 1rem; white-space: nowrap }
.tag.open, .tag.admitted, .tag.note { color: var(--done) }
.tag.expired, .tag.used-up, .tag.warning { color: var(--warn) }
.tag.deactivated, .tag.error { color: var(--bad) }
table { width: 100%; margin: .75rem 0 1rem; border-collapse: collapse; font-variant-numeric: tabular-nums }
caption, .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
th { font-size: .875rem; font-weight: 600; text-align: start; color: var(--soft) }
tbody th { font-size: 1rem; font-weight: inherit; color: inherit }
th, td { padding: .5rem 0; padding-inline-end: 1rem; vertical-align: middle; border-bottom: 1px solid color-mix(in srgb, var(--line) 35%, transparent); overflow-wrap: anywhere }
thead th { overflow-wrap: normal }
.number { text-align: end; white-space: nowrap }
.time { white-space: nowrap }
.word { min-width: 12.5rem }
.counts { max-width: 32rem }
.sub { display: block; font-size: .875rem; color: var(--soft) }
td.picture { width: 40%; min-width: 8rem }
svg.bar { display: block; width: 100%; height: .875rem; background: var(--ground) }
[dir=rtl] svg.bar { transform: scaleX(-1) }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0; padding: 0; list-style: none; font-size: .9375rem }
.key svg { width: .875rem; height: .875rem; vertical-align: -.0625rem }
.part-1 { fill: var(--act) } .part-2 { fill: var(--done) } .part-3 { fill: var(--merge) } .part-4 { fill: var(--gone) } .part-5 { fill: var(--bad) }
@media (max-width: 70rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table, tbody { display: block }
  tbody tr { display: flex; flex-wrap: wrap; gap: .125rem 1rem; padding: .75rem 0; border-bottom: 1px solid color-mix(in srgb, var(--line) 35%, transparent) }
  th, td { padding: 0; border: 0; text-align: start }
  tbody th { flex: 1 1 60% }
  td.picture { width: 100% }
  td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-size: .875rem }
  td.none { display: none }
  td.wide { flex-basis: 100% }
  .word { min-width: 0 }
}
@media (max-width: 48rem) {
  .menu nav { gap: 0 1.125rem }
  dl { grid-template-columns: 1fr; gap: 0 }
  dd { margin-bottom: .625rem }
  .row .grow { flex-basis: 100% }
}
`
