import { markOf, type Mark } from '../../http/mark.js'
import type { Closures } from './closures.js'
import type { Handler, Layer, Route, RouterLike } from './express-parts.js'
import { identify, type Known } from './identify.js'
import { joined, mountPathOf, sampleOf } from './paths.js'

/** One layer of an application, and what is inside it, in the order in which a request meets them. */
export interface Step {
  readonly layer: Layer
  readonly handler: Handler
  readonly known: Known
  /** A router of ours, beside what it is to Express. */
  readonly mark: Mark | undefined
  readonly parent: Step | undefined
  /** Its siblings and itself. */
  readonly siblings: readonly Step[]
  readonly inside: readonly Step[]
  readonly route: Route | undefined
  /** The path from the root at which it stands, if it can be told. */
  readonly path: string | undefined
  /** Where it stands, for people. */
  readonly where: string
  /** What the probe saw it do. */
  readonly seen: Seen
}

/** What a step did to the one request that was watched. */
interface Seen {
  /** Whether it was met, and went on. */
  passed: boolean
  broughtSession: boolean
  broughtVisitor: boolean
  /** Whether some middleware of Passport's ran in it. */
  usedPassport: boolean
}

/** Walks through everything that is mounted, routers in routers and applications in applications. */
export function outlineOf(router: RouterLike, closures: Closures): Step[] {
  const inProgress = new Set<RouterLike>()

  function walk(layers: readonly Layer[], parent: Step | undefined, path: string | undefined): Step[] {
    const siblings: Step[] = []
    for (const layer of layers) {
      const inRoute = parent?.route !== undefined
      const { route } = layer
      const own = route === undefined ? (inRoute ? '/' : mountPathOf(layer)) : pathOfRoute(route)
      const at = joined(path, own)
      const known: Known = route === undefined ? identify(layer.handle, closures) : { kind: 'inert' }
      const inside: Step[] = []
      const step: Step = {
        layer,
        handler: layer.handle,
        known,
        mark: markOf(layer.handle),
        parent,
        siblings,
        inside,
        route,
        path: at,
        where: inRoute ? describeRoute(layer.method ?? 'all', at) : describeMount(at),
        seen: { passed: false, broughtSession: false, broughtVisitor: false, usedPassport: false },
      }
      siblings.push(step)
      if (route !== undefined) inside.push(...walk(route.stack, step, at))
      else if ('router' in known && !inProgress.has(known.router)) {
        inProgress.add(known.router) // one that is mounted in itself has no end
        inside.push(...walk(known.router.stack, step, at))
        inProgress.delete(known.router)
      }
    }
    return siblings
  }

  return walk(router.stack, undefined, '')
}

/** Every step, in the order of a request. */
export function flat(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => [step, ...flat(step.inside)])
}

/** What a request that reaches a step has met before, or may have: by its path, where paths can be told. */
export function before(step: Step): Step[] {
  const earlier = step.siblings.slice(0, step.siblings.indexOf(step)).flatMap((sibling) => met(sibling, step))
  return step.parent === undefined ? earlier : [...before(step.parent), ...earlier]
}

/** What such a request would meet, or may, if it went on from there. */
export function afterwards(step: Step): Step[] {
  const later = step.siblings.slice(step.siblings.indexOf(step) + 1).flatMap((sibling) => met(sibling, step))
  return step.parent === undefined ? later : [...later, ...afterwards(step.parent)]
}

/** What a request for a step's address goes through in another. */
function met(other: Step, step: Step): Step[] {
  return mayMeet(other, step) ? [other, ...other.inside.flatMap((inner) => met(inner, step))] : []
}

function mayMeet(other: Step, step: Step): boolean {
  const { layer, parent, route } = other
  if (parent?.route !== undefined) return sharesMethod(other, step)
  if (route !== undefined && !routesShareMethod(route, step)) return false
  const base = sampleOf(parent === undefined ? '' : parent.path)
  const address = sampleOf(step.path)
  if (base === undefined || address === undefined || typeof layer.match !== 'function') return true
  const rest = base === '/' ? address : address.slice(base.length)
  try {
    // On an object of its own, because Express 4 notes on the layer what matched.
    return Boolean((Object.create(layer) as Required<Layer>).match(rest === '' ? '/' : rest))
  } catch {
    return true
  }
}

function sharesMethod(other: Step, step: Step): boolean {
  const [one, two] = [other.layer.method, step.layer.method]
  return one === undefined || two === undefined || one === two
}

function routesShareMethod({ methods }: Route, step: Step): boolean {
  const method = step.parent?.route === undefined ? undefined : step.layer.method
  return method === undefined || methods['_all'] === true || methods[method] === true
}

function pathOfRoute({ path }: Route): string | undefined {
  return typeof path === 'string' ? path : undefined
}

function describeRoute(method: string, path: string | undefined): string {
  return `${method.toUpperCase()} ${path ?? '(a pattern)'}`
}

function describeMount(path: string | undefined): string {
  return path === undefined
    ? 'app.use(a pattern)'
    : path === '' || path === '/'
      ? 'app.use()'
      : `app.use('${path}')`
}
