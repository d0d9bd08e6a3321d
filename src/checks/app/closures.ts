import type { Session as InspectorSession, Runtime } from 'node:inspector'

/**
 * Reads the variables that a function keeps, without calling it. A middleware tells nobody what it was given:
 * `passport.authenticate('local')` is a function like any other. To call it and see would run the application's code.
 */
export interface Closures {
  /** Whether nothing can be looked at here. */
  readonly isBlind: boolean
  /** Those of the named variables that the function can see, its own first. Empty where it cannot be looked at. */
  readonly variablesOf: (subject: object, names: readonly string[]) => Readonly<Record<string, unknown>>
  /** The object that a bound function is bound to. */
  readonly boundThisOf: (subject: object) => unknown
  readonly close: () => void
}

/** Where nothing can be looked at. */
export const BLIND: Closures = {
  isBlind: true,
  variablesOf: () => ({}),
  boundThisOf: () => undefined,
  close: () => undefined,
}

/**
 * Uses the inspector of this process: it opens no port and stops nothing. Where a runtime has none, or forbids it, nothing
 * is known, and so nothing claimed.
 */
export async function openClosures(): Promise<Closures> {
  try {
    const { Session } = await import('node:inspector')
    const session = new Session()
    session.connect()
    return new InspectedClosures(session)
  } catch {
    return BLIND
  }
}

type Property = Runtime.PropertyDescriptor | Runtime.InternalPropertyDescriptor

/** Where a value is handed over between the inspector and this code. */
const EXCHANGE = Symbol.for('passport-ephemeral.closures')

class InspectedClosures implements Closures {
  readonly isBlind = false

  constructor(private readonly session: InspectorSession) {}

  variablesOf(subject: object, names: readonly string[]): Readonly<Record<string, unknown>> {
    const found: Record<string, unknown> = {}
    try {
      const scopes = this.internal(subject, '[[Scopes]]')
      for (const { value: scope } of this.propertiesOf(scopes).own) {
        if (scope?.objectId === undefined || /^(Global|Script)/.test(scope.description ?? '')) continue
        for (const variable of this.propertiesOf(scope).own) {
          if (names.includes(variable.name) && !Object.hasOwn(found, variable.name))
            found[variable.name] = this.valueOf(variable)
        }
      }
    } catch {
      // What was found so far is true all the same.
    }
    return found
  }

  boundThisOf(subject: object): unknown {
    try {
      const bound = this.internal(subject, '[[BoundThis]]')
      return bound === undefined ? undefined : this.valueOf({ name: '', value: bound })
    } catch {
      return undefined
    }
  }

  close(): void {
    this.session.disconnect()
  }

  private internal(subject: object, name: string): Runtime.RemoteObject | undefined {
    const { result } = exchange(subject, () =>
      this.ask<Runtime.EvaluateReturnType>('Runtime.evaluate', {
        expression: `globalThis[Symbol.for(${JSON.stringify(EXCHANGE.description)})]`,
      }),
    )
    return this.propertiesOf(result).internal.find((property) => property.name === name)?.value
  }

  private propertiesOf(object: Runtime.RemoteObject | undefined): {
    readonly own: readonly Property[]
    readonly internal: readonly Property[]
  } {
    if (object?.objectId === undefined) return { own: [], internal: [] }
    const { result, internalProperties = [] } = this.ask<Runtime.GetPropertiesReturnType>(
      'Runtime.getProperties',
      { objectId: object.objectId, ownProperties: true },
    )
    return { own: result, internal: internalProperties }
  }

  /** The value itself, not a copy. */
  private valueOf({ value }: Property): unknown {
    if (value?.objectId === undefined) return value?.value
    const { objectId } = value
    const taken: { value?: unknown } = {}
    exchange(
      (given: unknown) => {
        taken.value = given
      },
      () =>
        this.ask('Runtime.callFunctionOn', {
          objectId,
          functionDeclaration: `function () { globalThis[Symbol.for(${JSON.stringify(EXCHANGE.description)})](this) }`,
        }),
    )
    return taken.value
  }

  /** In the same process the inspector answers before `post` returns. */
  private ask<T>(method: string, parameters: object): T {
    const answer: { error?: Error | null; result?: unknown } = {}
    this.session.post(method, parameters, (error, result?: unknown) => {
      Object.assign(answer, { error, result })
    })
    if (answer.error) throw answer.error
    return answer.result as T
  }
}

/** Lends something to code that can see the global object only, for as long as that code runs. */
function exchange<T>(thing: unknown, use: () => T): T {
  Object.defineProperty(globalThis, EXCHANGE, { value: thing, configurable: true, enumerable: false })
  try {
    return use()
  } finally {
    Reflect.deleteProperty(globalThis, EXCHANGE)
  }
}
