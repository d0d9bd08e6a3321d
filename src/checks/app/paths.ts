import type { Layer } from './express-parts.js'

/** The path at which a middleware or a router is mounted, as it was written; `undefined` if that cannot be told. */
export function mountPathOf({ rawPath, slash, regexp }: Layer): string | undefined {
  if (slash === true || regexp?.fast_slash === true) return '/'
  if (typeof rawPath === 'string') return rawPath
  // Express 4 keeps `^\/admin\/?(?=\/|$)` of '/admin'.
  const literal = /^\^((?:\\\/[\w\-~]+|\\\/[\w\-~]*(?:\\\.[\w\-~]+)*)+)\\\/\?\(\?=\\\/\|\$\)$/.exec(
    regexp?.source ?? '',
  )
  return literal?.[1]?.replace(/\\(.)/g, '$1')
}

/** One path below another. */
export function joined(base: string | undefined, path: string | undefined): string | undefined {
  if (base === undefined || path === undefined) return undefined
  if (path === '/') return base === '' ? '/' : base
  return `${base === '/' ? '' : base.replace(/\/$/, '')}${path}`
}

/** An address that a path stands for: parameters have some value. `undefined` for what only a parser of patterns would know. */
export function sampleOf(path: string | undefined): string | undefined {
  if (path === undefined || /[()[\]|\\]/.test(path)) return undefined
  const sample = path
    .replace(/\{[^{}]*\}/g, '') // optional parts, of Express 5
    .replace(/:(\w+)[?+*]?/g, 'x')
    .replace(/\*\w*/g, 'x')
  return /[{}?+:"]/.test(sample) ? undefined : sample
}

/** The part of some paths that all have in common, by whole segments without parameters. */
export function commonBase(paths: readonly string[]): string {
  const [first = [], ...rest] = paths.map((path) => path.split('/').filter((part) => part !== ''))
  const common: string[] = []
  for (const [place, part] of first.entries()) {
    if (!/^[\w\-.~]+$/.test(part) || !rest.every((other) => other[place] === part)) break
    common.push(part)
  }
  return common.map((part) => `/${part}`).join('')
}
